-- strangers.lua: wrk's requests of strangers, each from an address of its own: they
-- register clients, or, with the cookie COOKIE, one comes with apps at ELSEWHERE whose
-- documents nobody knows.
local elsewhere, threads = os.getenv("ELSEWHERE"), 0
local redirect = "https://app.example/cb"

setup = function(thread)
	thread:set("seed", os.time() + threads)
	threads = threads + 1
end

init = function()
	math.randomseed(seed)
end

local function address()
	return string.format("2001:db8:%x:%x::1", math.random(0, 65535),
	    math.random(0, 65535))
end

request = function()
	local name = string.format("%x%x", math.random(0, 2 ^ 30), math.random(0, 2 ^ 30))

	if elsewhere then
		return wrk.format("GET", "/oauth/authorize?response_type=code&client_id="
		    .. elsewhere .. "/" .. name .. "&redirect_uri=" .. redirect,
		    { Cookie = os.getenv("COOKIE") })
	end
	return wrk.format("POST", "/oauth/register", {
		["Content-Type"] = "application/json",
		["X-Forwarded-For"] = address(),
	}, '{"client_name":"Made up ' .. name .. '","redirect_uris":["' .. redirect
	    .. "/" .. name .. '"],"token_endpoint_auth_method":"none"}')
end
