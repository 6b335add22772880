# cgi.awk: makes a Markdown table of the rounds of plain CGI programs.  An input line
# has: kind of linking, name, requests/s, p50 and p99 in ms, failures.

{
	what = $1 " " $2
	if (!(what in p50))
		names[++n] = what
	p50[what] = p50[what] " " $4
	rate[what] = rate[what] " " $3
	if ($2 == "hello")
		hello = $4
	else
		ratio[what] = ratio[what] " " $4 / hello
}

END {
	print "\n| plain CGI, on one connection | requests/s | p50 ms" \
	    " | p50, in hello worlds |"
	print "|---|---:|---:|---:|"
	for (i = 1; i <= n; i++)
		printf "| %s | %.0f | %.2f | %s |\n", names[i],
		    median(rate[names[i]]), median(p50[names[i]]),
		    (names[i] in ratio) ?\
		    sprintf("**%.2f**", median(ratio[names[i]])) : ""
}
