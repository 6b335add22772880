-- guard.lua: tells a program behind mod_proxy who the caller is (guard.conf).
--
-- lighttpd runs it twice for each request: before it asks the guard, and after that,
-- when the guard's variables are set.

local r = lighty.r

local variables = {
	["X-Carnet-User-Id"] = "CARNET_USER_ID",
	["X-Carnet-User-Email"] = "CARNET_USER_EMAIL",
	["X-Carnet-Client-Id"] = "CARNET_CLIENT_ID",
	["X-Carnet-Scope"] = "CARNET_SCOPE",
	["X-Carnet-Token-Id"] = "CARNET_TOKEN_ID",
	["X-Carnet-Remote-User"] = "REMOTE_USER",
}

-- A program that believes these would serve another path or method than the one
-- that the guard has checked.
local overrides = {
	["x-http-method-override"] = true, ["x-http-method"] = true,
	["x-method-override"] = true, ["x-original-url"] = true,
	["x-rewrite-url"] = true,
}

-- Nobody may believe headers of these names from a client.  X_Carnet_User_Id and
-- X.Carnet.User.Id are among them: lighttpd gives scripts all three as one name.
local function is_ours(name)
	name = name:lower():gsub("[^a-z0-9]", "-")
	return name:find("^x%-carnet%-") or name:find("^carnet%-") or
	    name == "remote-user" or name == "proxy" or overrides[name]
end

local sent = {}
for name in pairs(r.req_header) do
	if is_ours(name) then
		sent[#sent + 1] = name
	end
end
for _, name in ipairs(sent) do
	r.req_header[name] = nil
end

for header, variable in pairs(variables) do
	local value = r.req_env[variable]
	if value and value ~= "" then
		r.req_header[header] = value
	end
end
