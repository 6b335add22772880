-- peer.lua: the requests of wrk to other servers: a POST of the form BODY if it is
-- set, else a GET; AUTH is the header Authorization.
if os.getenv("BODY") then
	wrk.method = "POST"
	wrk.body = os.getenv("BODY")
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
wrk.headers["Authorization"] = os.getenv("AUTH")
