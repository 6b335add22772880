-- flows.lua: the requests of wrk if each has a token or a code of its own.
--
-- ITEMS names a file with a line for each request.  FLOW=bearer: a line is a bearer
-- token.  FLOW=form: a line is the end of the form BODY; AUTH may be a header.  FLOW=refresh: a line is a
-- refresh token, and each answer gives the next one.  FLOW=save: the access tokens of
-- the answers are written to SAVE.n.
local flow, body = os.getenv("FLOW"), os.getenv("BODY") or ""
local threads = 0

function setup(thread)
	thread:set("id", threads)
	threads = threads + 1
end

function init()
	items, at = {}, 0
	if os.getenv("ITEMS") then
		local n, all = 0, tonumber(os.getenv("THREADS") or "2")
		for line in io.lines(os.getenv("ITEMS")) do
			if n % all == id then
				items[#items + 1] = line
			end
			n = n + 1
		end
	end
	if flow == "save" then
		out = io.open(os.getenv("SAVE") .. "." .. id, "w")
	end
	form = { ["Content-Type"] = "application/x-www-form-urlencoded",
		Authorization = os.getenv("AUTH") }
end

local function next_item()
	at = at % #items + 1
	return items[at]
end

function request()
	if flow == "bearer" then
		return wrk.format("GET", nil, { Authorization = "Bearer " .. next_item() })
	elseif flow == "form" then
		return wrk.format("POST", nil, form, body .. next_item())
	elseif flow == "refresh" then
		return wrk.format("POST", nil, form, body .. table.remove(items, 1))
	end
	return wrk.format("POST", nil, form, body)
end

if flow == "refresh" or flow == "save" then
	function response(status, headers, text)
		if flow == "refresh" then
			items[#items + 1] = text:match('"refresh_token":"([^"]+)"')
		else
			out:write(text:match('"access_token":"([^"]+)"') or "", "\n")
			out:flush()
		end
	end
end
