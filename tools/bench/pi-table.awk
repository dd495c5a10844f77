# SPDX-License-Identifier: Apache-2.0
# From what pi-estimate gives to it, a table of estimates. Input: lines of pi-loops.txt; "shader" lines (name, constants,
# threads, spills, scratch bytes; instructions, waits, texture-unit words outside loops; then of each loop: depth,
# instructions, waits, words, float products, dots of four); "plan" lines (tower, op, shader, constants, groups x y z,
# MACs, push constants) in the order of recording. Variables: qpus, mhz, job_us.

function fail(message) {
    print "pi-estimate: " message >"/dev/stderr"
    failed = 1
    exit 1
}

function ceil(x) {
    return x == int(x) ? x : int(x) + 1
}

# A number, NAME, or NAME/NAME of value[].
function rounds(text,    part, n) {
    n = split(text, part, "/")
    if (n == 2) return ceil(rounds(part[1]) / rounds(part[2]))
    if (text ~ /^[0-9.]+$/) return text + 0
    if (!(text in value)) fail("pi-loops.txt: " text " is no known name")
    return value[text]
}

function is_product(i) {
    return shader[i] ~ /^linear/
}

function lanes(i,    c) {
    split(constants[i], c, ",")
    return c[1]
}

# What the loops of dispatch i go over: from its constants and push constants, in the order of its shader's.
function set_values(i,    c, p) {
    split(constants[i], c, ",")
    split(push[i], p, ",")
    split("", value)
    value["LANES"] = c[1]
    if (is_product(i)) {
        value["ROUNDS"] = ceil(ceil(p[1] / c[5]) / (c[1] / 16))
        value["STEPS"] = p[4]
        value["ROW_EPILOGUE"] = ceil(p[1] / (c[1] / 16)) / groups_x[i]
        value["EPILOGUE_WORDS"] = p[9] / 16
    } else if (shader[i] ~ /^attention/) {
        value["HEAD"] = c[2]
        value["KEYS"] = c[4] && p[2] > 1 ? (p[1] + 1) / 2 : p[1]
        value["OWN_KEYS"] = ceil(value["KEYS"] / c[1])
        value["ROW_EPILOGUE"] = (p[2] < 4 ? p[2] : 4) / groups_y[i]
        value["EPILOGUE_WORDS"] = p[9] / 16
    } else if (shader[i] ~ /^resize/) {
        value["TAPS"] = p[4]
    } else {
        value["WORDS"] = p[1]
    }
}

# Adds rounds * what field f[at], f[at + 1], f[at + 2] count.
function run(f, at, rounds) {
    executed += rounds * f[at]
    executed_waits += rounds * f[at + 1]
    executed_words += rounds * f[at + 2]
}

# Sets executed (instructions), executed_waits, executed_words, in_loops, lane_macs of an invocation of dispatch i.
function execute(i,    key, f, n, l, depth, times, nest, form, per) {
    key = shader[i] " " constants[i]
    if (!(key in compiled)) fail(key ": not compiled")
    n = split(compiled[key], f, " ")
    executed = executed_waits = executed_words = lane_macs = 0
    run(f, OUTSIDE, 1)
    in_loops = -executed
    for (l = LOOPS; l <= n; l += LOOP) nest = nest (l > LOOPS ? "," : "") f[l]
    form = shader[i] " " nest
    if (nest != "" && !(form in loop_rounds)) fail(form ": loops of a form that pi-loops.txt does not have")
    split(loop_rounds[form], per, " ")
    set_values(i)
    times[-1] = 1
    for (l = LOOPS; l <= n; l += LOOP) {
        depth = f[l]
        times[depth] = times[depth - 1] * rounds(per[(l - LOOPS) / LOOP + 1])
        run(f, l + 1, times[depth])
        lane_macs += times[depth] * (f[l + 4] + 4 * f[l + 5])
    }
    in_loops += executed
}

function add(i,    row, subgroups, ms, f) {
    execute(i)
    subgroups = groups_x[i] * groups_y[i] * groups_z[i] * ceil(lanes(i) / 16)
    ms = executed * ceil(subgroups / qpus) * CYCLES / (mhz * 1000)
    row = op[i] " " shader[i]
    if (!(row in dispatches)) order[++rows] = row
    split(compiled[shader[i] " " constants[i]], f, " ")
    dispatches[row]++
    row_macs[row] += macs[i]
    row_ms[row] += ms
    row_instructions[row] += executed * subgroups
    row_waits[row] += executed_waits * subgroups
    row_mb[row] += executed_words * subgroups * 16 * 4 / 1e6
    row_loops[row] += in_loops * subgroups
    row_lane_macs[row] += lane_macs * subgroups
    row_threads[row] = f[1]
    row_spills[row] = f[2]
    row_scratch[row] = f[3]
    total_ms += ms
    total_mb += executed_words * subgroups * 16 * 4 / 1e6
    total_macs += macs[i]
    total_dispatches++
}

function by_time(    i, j, t) {
    for (i = 2; i <= rows; i++)
        for (j = i; j > 1 && row_ms[order[j]] > row_ms[order[j - 1]]; j--) {
            t = order[j]
            order[j] = order[j - 1]
            order[j - 1] = t
        }
}

# Products whose loops are not what pi-loops.txt says do not account for the plan's MACs.
function check(row,    share) {
    share = row_macs[row] / (16 * row_lane_macs[row])
    if (row ~ /linear/ && (share > 1.001 || share < 0.1))
        fail(row ": its loops account for " 1 / share " of the plan's MACs: see pi-loops.txt")
    return share
}

function show(row,    name, share) {
    split(row, name, " ")
    printf "%-10s %-13s %4d %7.1f", name[1], name[2], dispatches[row], row_macs[row] / 1e6
    if (row_macs[row] && row_lane_macs[row]) {
        share = check(row)
        printf " %6.2f %6.2f %4.0f%%", row_loops[row] / row_lane_macs[row], row_instructions[row] * 16 / row_macs[row], 100 * share
    } else
        printf " %6s %6s %5s", "-", "-", "-"
    printf " %6.1f %7.0f %7d %6d %7d %8.2f %5.1f%%\n", 100 * row_waits[row] / row_instructions[row], row_mb[row], row_threads[row],
        row_spills[row], row_scratch[row], row_ms[row], 100 * row_ms[row] / (total_ms + jobs_ms)
}

BEGIN {
    CYCLES = 4  # 16 lanes on 4 units
    OUTSIDE = 4 # first field of what is in no loop
    LOOPS = 7   # first field of the first loop
    LOOP = 6    # fields of a loop
}

$1 == "shader" {
    key = $2 " " $3
    compiled[key] = ""
    for (i = 4; i <= NF; i++) compiled[key] = compiled[key] (i > 4 ? " " : "") $i
    next
}

$1 == "plan" {
    plans++
    tower[plans] = $2
    op[plans] = $3
    shader[plans] = $4
    constants[plans] = $5
    groups_x[plans] = $6
    groups_y[plans] = $7
    groups_z[plans] = $8
    macs[plans] = $9
    push[plans] = $10
    next
}

!/^#/ && NF > 1 {
    form = $1 " " $2
    loop_rounds[form] = ""
    for (i = 3; i <= NF; i++) loop_rounds[form] = loop_rounds[form] " " $i
}

END {
    if (failed) exit 1
    if (!plans) fail("an empty plan")
    for (i = 1; i <= plans; i++) add(i)
    jobs_ms = total_dispatches * job_us / 1000
    by_time()
    printf "%-10s %-13s %4s %7s %6s %6s %5s %6s %7s %7s %6s %7s %8s %6s\n", "op", "shader", "runs", "MMAC", "loop", "all", "use",
        "waits", "MB", "threads", "spills", "scratch", "est. ms", "share"
    for (i = 1; i <= rows; i++) show(order[i])
    printf "%-10s %-13s %4d %72.2f %5.1f%%\n", "starts", "-", total_dispatches, jobs_ms, 100 * jobs_ms / (total_ms + jobs_ms)
    printf "%-10s %-13s %4d %7.1f %34.0f %29.2f\n", "total", "-", total_dispatches, total_macs / 1e6, total_mb, total_ms + jobs_ms
}
