# SPDX-License-Identifier: Apache-2.0
# What lowdown's man output needs to be clean: a heading and its text in the usual form, a term and its text as .TP instead of by moving
# up a line (which fails at the top of a page), bold for code, as mandoc knows no font C. lowdown 1 (Debian 12) and 2 (Debian 13).
function flush() { # the paragraph that may have been a term
    if (held != "") print held
    if (term) print name
    held = ""
    term = moved = 0
}
{ gsub(/\\f(C|\(CR)/, "\\fB") }
/^\.S[HS]$/ { flush(); getline title; print $0 " \"" title "\""; after = 1; next }
/^\.S[HS] / { flush(); print; after = 1; next }
/^\.[LP]P$/ && after { after = 0; next }
{ after = 0 }
/^\.[LP]P$/ { flush(); held = $0; next }
held != "" && !term && !/^\./ { name = $0; term = 1; next }
term && /^\.if [nt] \\$/ { getline; moved = 1; next }
term && moved && /^\.IP "" 5n$/ { print ".TP 5\n" name; held = ""; term = moved = 0; next }
held != "" { flush() }
{ print }
END { flush() }
