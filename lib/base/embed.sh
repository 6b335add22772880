#!/bin/sh
# embed.sh FILE...: print the C source of embed_find (lib/base/embed.h) with the
# text of each file, and embed_mark.
set -eu
mark=$(cat "$@" | sha256sum | cut -c 1-32)
echo '#include "embed.h"'
echo '#include <string.h>'
echo 'static const struct { const char *name, *text; } files[] = {'
for file; do
	case $file in
	*/schema.sql) dir=${file%/*}; name=${dir##*/}/schema.sql ;;
	*) name=$(basename "$file") ;;
	esac
	printf '{ "%s",\n' "$name"
	# '?' is escaped too: two of them may begin a trigraph
	sed -e 's/[\\"?]/\\&/g' -e 's/	/\\t/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
	echo '},'
done
echo '};'
echo "const char embed_mark[] = \"carnet files $mark\";"
cat <<'EOF'

const char *
embed_find(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, name) == 0)
			return files[i].text;
	return NULL;
}
EOF
