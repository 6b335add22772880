-- soak.lua: what wrk sends for soak.py: METHOD, BODY, TOKEN; and how often each
-- status came back, as a last line.
local threads = {}

wrk.method = os.getenv("METHOD") or "GET"
wrk.body = os.getenv("BODY")
if wrk.body then
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
if os.getenv("TOKEN") then
	wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
end

function setup(thread)
	table.insert(threads, thread)
end

function init()
	statuses = {}
end

function response(status)
	statuses[status] = (statuses[status] or 0) + 1
end

function done(summary)
	local e, all = summary.errors, {}

	for _, thread in ipairs(threads) do
		for status, n in pairs(thread:get("statuses")) do
			all[status] = (all[status] or 0) + n
		end
	end
	io.write(string.format("answers broken=%d",
	    e.connect + e.read + e.write + e.timeout))
	for status, n in pairs(all) do
		io.write(string.format(" %d=%d", status, n))
	end
	io.write("\n")
end
