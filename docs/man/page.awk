# SPDX-License-Identifier: Apache-2.0
# A page of docs/ as scdoc: headings, paragraphs, lists, code, tables (a term and what it means).
function plain(text) { gsub(/[][\\_*`~<>#+]/, "\\\\&", text); sub(/^[-.]/, "\\\\&", text); return text }
# Spans: `code` and **strong** become bold; a link is its text.
function inline(text,    out, i, rest, end) {
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        rest = substr(text, RSTART + 1, RLENGTH - 1); sub(/\]\([^)]*\)$/, "", rest)
        text = substr(text, 1, RSTART - 1) rest substr(text, RSTART + RLENGTH)
    }
    while (match(text, /(^|[^*])\*[A-Z][A-Za-z ]*\*/)) { # emphasis
        rest = substr(text, RSTART, RLENGTH); gsub(/\*/, "", rest)
        text = substr(text, 1, RSTART - 1) rest substr(text, RSTART + RLENGTH)
    }
    gsub(/\*\*/, "\001", text); gsub(/\\\|/, "|", text)
    out = ""
    while (text != "") {
        i = match(text, /[`\001]/)
        if (i == 0) { out = out plain(text); break }
        out = out (i > 1 ? plain(substr(text, 1, i - 1)) : "")
        mark = substr(text, i, 1); rest = substr(text, i + 1); end = index(rest, mark)
        if (end == 0) { out = out plain(rest); break }
        if (end > 1) {
            out = out "*" bold(substr(rest, 1, end - 1), mark) "*"
            if (substr(rest, end + 1, 1) ~ /[A-Za-z0-9_]/) out = out " "
        }
        text = substr(rest, end + 1)
    }
    return out
}
function bold(text, mark) { if (mark != "`") gsub(/`/, "", text); return plain(text) }
function flush() {
    if (kept == "") return
    if (kind == "item") print "- " inline(kept) "\n"
    else print inline(kept) "\n"
    kept = ""
}
function trim(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }
function row(line,    n, cells, i, term, words) {
    gsub(/\\\|/, "\002", line); n = split(line, cells, "|")
    term = trim(cells[2])
    # The first two cells are the term where the first is a bare word (a method before its path).
    i = 3
    if (term ~ /^[A-Z]+$/) { term = term " " trim(cells[3]); i = 4 }
    words = ""
    for (; i < n; i++) if (trim(cells[i]) != "" && trim(cells[i]) != "-") words = words (words == "" ? "" : "; ") trim(cells[i])
    gsub(/\002/, "|", term); gsub(/\002/, "|", words)
    gsub(/`/, "", term)
    print "*" plain(term) "*\n\t" (words == "" ? "\\ " : inline(words)) "\n"
}
/^```/ { flush(); fence = !fence; print fence ? "```" : "```\n"; next }
fence { print; next }
/^    / && kept == "" { if (!block) print "```"; block = 1; print substr($0, 5); next }
block { print "```\n"; block = 0 }
/^# / { next }
/^##+ / { flush(); level = length($1) - 1; text = $0; sub(/^#+ /, "", text); while (level-- > 0) printf "#"; print " " (length($1) == 2 ? toupper(text) : text) "\n"; next }
/^\|/ { flush(); table++; if (table == 1) { header = $0; next } if (table == 2) next; row($0); next }
{ table = 0 }
/^[*-] / || /^[0-9]+\. / { flush(); kind = "item"; kept = $0; sub(/^([*-]|[0-9]+\.) /, "", kept); next }
/^$/ { flush(); kind = ""; next }
{ sub(/^ +/, ""); kept = kept (kept == "" ? "" : " ") $0 }
END { flush(); if (block) print "```" }
