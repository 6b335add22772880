-- request.lua: what wrk sends: a POST of the form BODY, else a GET, with the
-- bearer token TOKEN and the cookie COOKIE; with MIX the two by turns.
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

-- A function costs at each request what wrk otherwise prepares once.
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
