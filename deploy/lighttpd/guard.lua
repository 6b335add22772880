-- guard.lua: who is calling, told to a program behind mod_proxy (guard.conf).
--
-- lighttpd runs it twice a request: before it asks the guard, and, with the
-- guard's variables set, after that.

local r = lighty.r

local variables = {
	["X-Carnet-User-Id"] = "CARNET_USER_ID",
	["X-Carnet-User-Email"] = "CARNET_USER_EMAIL",
	["X-Carnet-Client-Id"] = "CARNET_CLIENT_ID",
	["X-Carnet-Scope"] = "CARNET_SCOPE",
	["X-Carnet-Token-Id"] = "CARNET_TOKEN_ID",
	["X-Carnet-Remote-User"] = "REMOTE_USER",
}

-- What a client calls so is for nobody to believe.  X_Carnet_User_Id too: many
-- programs read both as one name.
local ours = { "^x[-_]carnet[-_]", "^carnet[-_]", "^remote[-_]user$", "^proxy$" }
local sent = {}
for name in pairs(r.req_header) do
	for _, pattern in ipairs(ours) do
		if name:lower():find(pattern) then
			sent[#sent + 1] = name
		end
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
