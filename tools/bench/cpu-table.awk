# SPDX-License-Identifier: Apache-2.0
# From what cpu-estimate gives to it, a table of estimates. Input: "unit" lines (part of cpu-loops.txt, cycles of one unit of its work),
# "outside" lines (part, instructions of its function outside of loops), cpu-plan.awk's lines, and, if there are any, "measured" lines
# (label, ms with one thread). Variables: rows_most (of a tile), passes (of a tile over its panel), lanes (floats of a vector), mhz,
# threads, gbps (of main memory), cache_mb (the last level), efficiency (of threads), barrier_us (between two ops), width
# (instructions a cycle outside of loops).

function ceil(x) {
    return x == int(x) ? x : int(x) + 1
}

function up(x, step) {
    return ceil(x / step) * step
}

function at_least(a, b) {
    return a > b ? a : b
}

function need(part) {
    if (!(part in unit)) {
        print "cpu-estimate: no loop was found for " part ": see cpu-loops.txt" >"/dev/stderr"
        failed = 1
        exit 1
    }
    return unit[part]
}

# As runtime/op/cpu/linear.c chooses.
function best_tile(rows,    r, best) {
    best = 1
    for (r = 2; r <= rows_most; r++) if (ceil(rows / r) * (r + 1) <= ceil(rows / best) * (best + 1)) best = r
    return best
}

function tile_cycles(rows, k) {
    return rows * COLUMNS * k * need("tile" rows) + passes * (outside["tile" rows] / width + MISS)
}

# Of a block of rows times one panel.
function panel_cycles(rows, k,    tile, cycles) {
    for (tile = best_tile(rows); rows >= tile; rows -= tile) cycles += tile_cycles(tile, k)
    return rows ? cycles + tile_cycles(rows, k) : cycles
}

# `shared`: cycles that the threads share in `tasks` tasks; `own`: what each of them does; bytes of weights.
function add(label, shared, own, tasks, bytes, macs,    one, all, memory) {
    one = (shared + own) / mhz / 1000
    all = (shared * ceil(tasks / threads) / tasks / (threads > 1 ? efficiency : 1) + own) / mhz / 1000
    memory = bytes / gbps / 1e6
    if (!(label in runs)) order[++count] = label
    runs[label]++
    mac[label] += macs
    ms_one[label] += at_least(one, memory)
    ms_all[label] += at_least(all, memory) + (threads > 1 ? barrier_us / 1000 : 0)
    ms_memory[label] += memory
    hidden += at_least(all, memory) > memory ? memory : all
}

function linear(label, rows, columns, k, activation,    blocks, padded, cycles, last, weights) {
    padded = up(k, 64)
    blocks = ceil(rows / BLOCK)
    last = rows - (blocks - 1) * BLOCK
    cycles = (blocks - 1) * panel_cycles(BLOCK, padded) + panel_cycles(last, padded)
    weights = up(columns, COLUMNS) * padded
    add(label, cycles * ceil(columns / COLUMNS) + rows * columns * need(activation), rows * padded / COPY,
        blocks * ceil(columns / COLUMNS / PANELS), weights * (weights > cache_mb * 1e6 ? blocks : 1), rows * columns * k)
}

function attention(label, tokens, queries, heads, head,    q, cycles) {
    q = up(queries, 4)
    cycles = tokens * head * need("gather") + tokens * head * 4 / COPY + 2 * q * head * need("scaled")
    cycles += up(tokens, 2 * lanes) * head * q * need("score") + up(tokens, lanes) * q * (need("max") + need("exp"))
    cycles += tokens * up(head, 2 * lanes) * q * need("weigh") + q * 2 * MISS
    add(label, cycles * heads, 0, heads, 0, heads * 2 * tokens * queries * head)
}

function quantize_cycles(rows, width) {
    return rows * (width * (need("largest") + need("quantize")) + ROW)
}

function norm(label, rows, width) {
    add(label, rows * (width * (need("sum") + need("squares") + need("normed")) + ROW) + quantize_cycles(rows, width), 0, rows, 0, 0)
}

function by_time(    i, j, t) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && ms_all[order[j]] > ms_all[order[j - 1]]; j--) {
            t = order[j]
            order[j] = order[j - 1]
            order[j - 1] = t
        }
}

function show(name, runs, mmac, one, all, memory, took) {
    printf "%-11s %4d %8.1f %9.2f %9.2f %9.2f", name, runs, mmac / 1e6, one, all, memory
    if (measured_lines) printf " %9.2f %6.2f", took, one / took
    printf "\n"
}

BEGIN {
    COLUMNS = 16 # of a panel
    BLOCK = 64   # rows that share a pass over the panels
    PANELS = 4   # of a task
    COPY = 8     # bytes a cycle
    MISS = 15    # cycles of a branch that was foretold wrongly: the end of a loop
    ROW = 100    # cycles of a row beside its loops: sums of a vector, a square root, a division
}

$1 == "unit" { unit[$2] = $3 }
$1 == "outside" { outside[$2] = $3 }
$1 == "measured" { took[$2] += $3; measured_lines++ }
$1 == "linear" { linear($2, $3, $4, $5, $6) }
$1 == "attention" { attention($2, $3, $4, $5, $6) }
$1 == "norm" { norm($2, $3, $4) }
$1 == "quantize" { add($2, quantize_cycles($3, $4), 0, $3, 0, 0) }

END {
    if (failed) exit 1
    by_time()
    print "milliseconds; memory: what reading the weights takes; an op takes the longer of it and its arithmetic"
    printf "%-11s %4s %8s %9s %9s %9s%s\n", "op", "runs", "MMAC", "1 thread", threads " threads", "memory", measured_lines ? "  measured  ratio" : ""
    for (i = 1; i <= count; i++) {
        label = order[i]
        show(label, runs[label], mac[label], ms_one[label], ms_all[label], ms_memory[label], took[label])
        total_runs += runs[label]
        total_mac += mac[label]
        total_one += ms_one[label]
        total_all += ms_all[label]
        total_memory += ms_memory[label]
        total_took += took[label]
    }
    show("total", total_runs, total_mac, total_one, total_all, total_memory, total_took)
    printf "%.1f ms with %d threads if none of memory's time were hidden behind the arithmetic\n", total_all + hidden, threads
}
