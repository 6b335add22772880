-- guard.lua: no client says who it is (guard.conf).
--
-- mod_lua runs it before the guard is asked.  SetEnvIf would not do: of several
-- headers that fit it looks at the last alone.

require "apache2"

-- Programs that believe these would serve another path, or method, than the one
-- that the guard has judged.
local overrides = {
	["x-http-method-override"] = true, ["x-http-method"] = true,
	["x-method-override"] = true, ["x-original-url"] = true,
	["x-rewrite-url"] = true,
}

-- What a client calls so is for nobody to believe.  X_Carnet_User_Id and
-- X.Carnet.User.Id too: many programs read all of them as one name.
local function is_ours(name)
	name = name:lower():gsub("[^a-z0-9]", "-")
	return name:find("^x%-carnet%-") or name:find("^carnet%-") or
	    name == "remote-user" or name == "proxy" or overrides[name]
end

-- Connection names what is not for the program behind: mod_proxy would take away
-- what is set for it.  No honest client names these.
local function hides(option)
	return is_ours(option) or option:lower() == "authorization"
end

function check(r)
	for name, value in pairs(r:headers_in_table()) do
		if name:lower() == "connection" then
			for option in value:gmatch("[^%s,]+") do
				if hides(option) then
					return 400
				end
			end
		elseif is_ours(name) then
			r.headers_in[name] = nil
		end
	end
	return apache2.DECLINED
end
