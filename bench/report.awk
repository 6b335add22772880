# report.awk: makes Markdown tables of the rounds and the memory figures of run.sh.

# Put the numbers of the list into v, in order; return how many there are.
function sorted(list, v,    n, i, j, x) {
	n = split(list, v)
	for (i = 2; i <= n; i++) {
		x = v[i] + 0
		for (j = i - 1; j > 0 && v[j] + 0 > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return n
}

# The median of the ratios of the rounds.
function ratio(above, below,    a, b, i, n, list) {
	n = split(above, a)
	split(below, b)
	for (i = 1; i <= n; i++)
		list = list " " a[i] / b[i]
	return median(list)
}

function row(name, of_floor,    v, n, digits) {
	n = sorted(rate[name], v)
	digits = v[n] < 1000 ? 1 : 0
	printf "| %s | %.*f | **%.*f** | %.*f | %s | %s | %s | %d |\n",
	    title[name], digits, v[1], digits, median(rate[name]), digits, v[n],
	    of_floor, name == "hashes" ? "" : sprintf("%.1f", median(p50[name])),
	    name == "hashes" ? "" : sprintf("%.1f", median(p99[name])),
	    failed[name]
}

BEGIN {
	title["guarded"] = "guarded GET /api/posts?limit=20, ES256 token"
	title["hello"] = "floor: hello world"
	title["token-ES256"] = "client_credentials, ES256"
	title["least-ES256"] = "floor: sign ES256, insert, answer"
	title["authorizer"] = "guard as Authorizer, static file"
	title["pass"] = "floor: an Authorizer that does nothing"
	title["token-EdDSA"] = "client_credentials, EdDSA"
	title["least-EdDSA"] = "floor: sign EdDSA, insert, answer"
	title["token-RS256"] = "client_credentials, RS256 2048"
	title["least-RS256"] = "floor: sign RS256 2048, insert, answer"
	title["token-signed"] = "client_credentials by private_key_jwt, ES256 both"
	title["least-signed"] = "floor: verify ES256, sign ES256, insert, answer"
	title["password"] = "password grant"
	title["hashes"] = "floor: crypt(3) alone, a process a core"
}

FNR == NR {
	rate[$1] = rate[$1] " " $2
	p50[$1] = p50[$1] " " $3
	p99[$1] = p99[$1] " " $4
	failed[$1] += $5
	next
}

# The largest process of a program.
{
	if (!($1 in count))
		programs[++n_programs] = $1
	if ($2 == "start")
		count[$1]++
	if ($3 > rss[$1, $2])
		rss[$1, $2] = $3
	if ($4 > pss[$1, $2])
		pss[$1, $2] = $4
	if ($3 > largest) {
		largest = $3
		largest_name = $1
	}
}

END {
	print "| requests/s | min | median | max | of its floor" \
	    " | p50 ms | p99 ms | failed |"
	print "|---|---:|---:|---:|---:|---:|---:|---:|"
	n = split(pairs, name)
	for (i = 1; i < n; i += 2) {
		row(name[i], sprintf("**%.2f**",
		    ratio(rate[name[i]], rate[name[i + 1]])))
		row(name[i + 1], "")
	}
	print "\nOf its floor: the median of the ratios of the rounds." \
	    "  Latencies are medians of the rounds.\n"
	print "| memory of a process, kB | processes | Rss at start" \
	    " | Rss after load | Pss at start | Pss after load |"
	print "|---|---:|---:|---:|---:|---:|"
	for (i = 1; i <= n_programs; i++) {
		p = programs[i]
		printf "| %s | %d | %d | %d | %d | %d |\n", p, count[p],
		    rss[p, "start"], rss[p, "load"], pss[p, "start"],
		    pss[p, "load"]
		all += count[p] * pss[p, "load"]
	}
	printf "\nThe largest is %s with %.1f MB: %s under %d MB.\n",
	    largest_name, largest / 1024,
	    largest < max_kb ? "all are" : "NOT all are", max_kb / 1024
	printf "All programs together: Pss %.1f MB.\n", all / 1024
}
