# SPDX-License-Identifier: Apache-2.0
# The innermost loops of `objdump -d --no-show-raw-insn` (arm64 or x86-64): a line each, "loop OBJECT SYMBOL FILE", and the instructions in
# FILE, as an assembler reads them; and "function OBJECT SYMBOL N", its instructions outside of these loops.
# Variables: object, folder.

function is_branch(mnemonic) {
    return mnemonic ~ /^(b|b\.[a-z]+|cbn?z|tbn?z|j[a-z]+)$/
}

# Of lines first to last of the function at hand.
function write_loop(first, last,    i, text, file) {
    file = folder "/" object "-" symbol "-" first ".s"
    for (i = first; i <= last; i++) {
        text = instruction[i]
        if (target[i] != "") sub(/[0-9a-f]+ <.*/, "again", text)
        print (i == first ? "again: " : "") text >file
    }
    close(file)
    print "loop", object, symbol, file
}

function end_function(    i, j, first, innermost, inside) {
    for (i = 1; i <= lines; i++) {
        if (!(target[i] in at) || at[target[i]] > i) continue
        first = at[target[i]]
        innermost = 1
        for (j = first; j < i; j++)
            if (target[j] in at && at[target[j]] >= first && at[target[j]] <= j) innermost = 0
        if (!innermost) continue
        inside += i - first + 1
        write_loop(first, i)
    }
    if (lines) print "function", object, symbol, lines - inside
    lines = 0
    split("", at)
    split("", target)
}

/>:$/ {
    end_function()
    symbol = $2
    gsub(/[<>:]/, "", symbol)
    next
}

/^ +[0-9a-f]+:/ {
    address = $1
    sub(/:/, "", address)
    at[address] = ++lines
    target[lines] = ""
    text = $0
    sub(/^[^\t]*\t/, "", text)
    sub(/ *(\/\/|#[ <]).*/, "", text)
    instruction[lines] = text
    if (is_branch($2)) {
        match(text, /[0-9a-f]+ </)
        if (RSTART) target[lines] = substr(text, RSTART, RLENGTH - 2)
    }
}

END { end_function() }
