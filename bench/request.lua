-- request.lua: the requests of wrk: a POST of the form BODY if it is set, else a GET,
-- with the bearer token TOKEN and the cookie COOKIE.  With MIX: both by turns.  With
-- BODIES: a POST of each line of that file, by turns.
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

-- Of two threads each has the lines of its own.
if os.getenv("BODIES") then
	local threads, lines, at = 0, {}, 0

	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
	setup = function(thread)
		thread:set("part", threads)
		threads = threads + 1
	end
	init = function()
		local i = 0
		for line in io.lines(os.getenv("BODIES")) do
			if i % 2 == part % 2 then
				lines[#lines + 1] = line
			end
			i = i + 1
		end
	end
	request = function()
		at = at % #lines + 1
		return wrk.format(nil, nil, nil, lines[at])
	end
end
