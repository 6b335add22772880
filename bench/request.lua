-- request.lua: the requests of wrk: a POST of the form BODY if it is set, else a GET,
-- with the bearer token TOKEN and the cookie COOKIE.  With MIX: both by turns.
local body, token = os.getenv("BODY"), os.getenv("TOKEN")

if body then
	wrk.method = "POST"
	wrk.body = body
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
if os.getenv("COOKIE") then
	wrk.headers["Cookie"] = os.getenv("COOKIE")
end
if token then
	wrk.headers["Authorization"] = "Bearer " .. token
end

-- A function costs time at each request; without it wrk prepares the request once.
if os.getenv("MIX") then
	local turn = 0

	request = function()
		turn = 1 - turn
		if turn == 1 then
			return wrk.format()
		end
		return wrk.format("GET", nil, nil, "")
	end
end
