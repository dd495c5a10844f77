# SPDX-License-Identifier: Apache-2.0
# Makes of documents of docs/ the Markdown of a manual page, for lowdown. Links become their text, and tables lists of terms.
# -v page=ocelli -v section=1 -v about="does this" -v version=0.1.0 -v date=2026-11-28 -v synopsis="LINE|LINE" -v also="ocelli-convert(1)"
# -v parts="docs/run.md docs/cli.md#tags.ini": the documents or sections, in order; -v skip="Title|Title": sections that are left out, or
# -v only="Title|Title": those that are taken alone.

function plain(text,    link) { # without links
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        link = substr(text, RSTART + 1, RLENGTH - 1)
        sub(/\]\([^)]*\)$/, "", link)
        text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
    }
    gsub(/<br>/, " ", text)
    return text
}
function trim(text) { sub(/^ +/, "", text); sub(/ +$/, "", text); return text }
function cells(row, to,    n, i) { # "\|" is no border
    row = trim(row); sub(/^\|/, "", row); sub(/\|$/, "", row)
    n = split(row, to, "|")
    for (i = 1; i <= n; i++) to[i] = trim(to[i])
    return n
}
function row(line,    n, i, cell, text) { # "term" and ": the rest", columns named by the heading row
    n = cells(line, cell)
    for (i = 2; i <= n; i++) {
        if (cell[i] == "") continue
        text = text (text == "" ? "" : "; ") (i > 2 && head[i] != "" ? head[i] ": " : "") cell[i]
    }
    if (cell[1] == "") { print "\n" text; return } # a row of one sentence
    print "\n" cell[1] "\n\n:   " (text == "" ? "-" : text)
}
function heading(line,    level, title) {
    level = match(line, /[^#]/) - 1
    title = substr(line, level + 2)
    if (level <= skipping) skipping = 0
    if (!skipping && index("|" skip "|", "|" title "|")) skipping = level
    if (level <= taking) taking = 0
    if (only != "" && !taking && index("|" only "|", "|" title "|")) taking = level
    if (level == 1 || title == page || left_out()) return
    gsub(/`/, "", title)
    print "\n" (level == 2 ? "# " toupper(title) : "## " title) "\n"
}
function code(on) { # code by indentation becomes a block by fences, which ends a list before it
    if (on && !coding) print "\n```"
    else if (on && blank) print ""
    else if (!on && coding) print "```\n"
    coding = on
    blank = 0
}
function left_out() { return skipping || (only != "" && !taking) }
function document(path,    line, table, whole) { # path#Title: of this one only that section
    whole = only
    if (path ~ /#/) {
        only = path
        sub(/^[^#]*#/, "", only)
        sub(/#.*$/, "", path)
    }
    skipping = taking = fenced = table = 0
    while ((getline line < path) > 0) {
        if (line ~ /^```/) { code(0); fenced = !fenced; if (!left_out()) print "```"; continue }
        if (fenced) { if (!left_out()) print line; continue }
        if (line ~ /^#+ /) { code(0); heading(plain(line)); table = item = 0; continue }
        if (left_out()) continue
        if (line ~ /^    / && !item) { code(1); print substr(line, 5); continue }
        if (line ~ /^ *$/ && coding) { blank = 1; continue }
        code(0)
        item = line ~ /^ *([-*]|[0-9]+\.) / || (item && line ~ /^ +[^ ]/)
        line = plain(line)
        if (line ~ /^\|/) {
            if (!table) {
                split("", head)
                cells(line, head)
                table = 1
                if (head[1] ~ /[[]/) print "\n" head[1]
            }
            else if (table == 1) table = 2 # the rule below the heading
            else row(line)
            continue
        }
        if (table) { table = 0; print "" }
        print line
    }
    code(0)
    close(path)
    only = whole
}
BEGIN {
    print "title: " toupper(page) "\nsection: " section "\ndate: " date "\nsource: ocelli " version "\nvolume: ocelli\n"
    print "# NAME\n\n" page " - " about "\n\n# SYNOPSIS\n"
    n = split(synopsis, line, "|")
    for (i = 1; i <= n; i++) print "    " line[i]
    print "\n# DESCRIPTION\n"
    n = split(parts, part, " ")
    for (i = 1; i <= n; i++) document(part[i])
    print "\n# SEE ALSO\n\n" also
}
