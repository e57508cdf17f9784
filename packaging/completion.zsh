#compdef nixie
# SPDX-License-Identifier: Apache-2.0
local -a words_
if (( CURRENT == 2 )) || { (( CURRENT == 3 )) && [[ $words[2] == help ]] }; then
    words_=(${(f)"$(nixie help 2>/dev/null | sed -n 's/^  \([a-z-]*\) *\(.*\)/\1:\2/p')"})
    _describe command words_
elif [[ $PREFIX == -* ]]; then
    words_=(${(f)"$(nixie help $words[2] 2>/dev/null | grep -o -- '--[a-z][a-z-]*' | sort -u)"})
    _describe option words_
else
    _files
fi
