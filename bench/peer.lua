-- peer.lua: what wrk sends to others: a POST of the form BODY, else a GET, with
-- AUTH as its Authorization.
if os.getenv("BODY") then
	wrk.method = "POST"
	wrk.body = os.getenv("BODY")
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
wrk.headers["Authorization"] = os.getenv("AUTH")
