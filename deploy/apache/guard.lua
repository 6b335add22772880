-- guard.lua: a client cannot name itself (guard.conf).
--
-- mod_lua runs it before the guard is asked.  SetEnvIf is not enough: if several
-- headers match, it sees only the last one.

require "apache2"

-- A program that believes these would serve another path or method than the one
-- that the guard has checked.
local overrides = {
	["x-http-method-override"] = true, ["x-http-method"] = true,
	["x-method-override"] = true, ["x-original-url"] = true,
	["x-rewrite-url"] = true,
}

-- Nobody may believe headers of these names from a client.  X_Carnet_User_Id and
-- X.Carnet.User.Id are among them: many programs read all three as one name.
local function is_ours(name)
	name = name:lower():gsub("[^a-z0-9]", "-")
	return name:find("^x%-carnet%-") or name:find("^carnet%-") or
	    name == "remote-user" or name == "proxy" or overrides[name]
end

-- mod_proxy removes the headers that Connection names, so a client could remove the
-- guard's.  No honest client names them.
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
