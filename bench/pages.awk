# pages.awk: makes a Markdown table of the rounds of each page.

{
	if (!($1 in rate))
		names[++n] = $1
	rate[$1] = rate[$1] " " $2
	p50[$1] = p50[$1] " " $3
	if ($1 == "guarded")
		guarded = $2
	else
		ratio[$1] = ratio[$1] " " guarded / $2
}

END {
	print "\n| alone, on one connection | requests/s | p50 ms" \
	    " | time, in guarded GETs |"
	print "|---|---:|---:|---:|"
	for (i = 1; i <= n; i++)
		printf "| %s | %.0f | %.2f | %s |\n", names[i],
		    median(rate[names[i]]), median(p50[names[i]]),
		    (names[i] == "guarded" ? "" :\
		    sprintf("**%.2f**", median(ratio[names[i]])))
}
