# SPDX-License-Identifier: Apache-2.0
# bash's completion for ocelli and ocelli-convert. It needs nothing of the package bash-completion, which loads it by name.
# tests/e2e/completion.sh holds it against --help.

_ocelli_commands='init check run learn query watch search tag embed eval tokenize info selftest bench score draw prompts audit moderate index duplicates export password'

_ocelli_options() { # of a command
    local shared='-m --model --device --threads --kind --json -h --help'
    case $1 in
    init) echo "-o --output -t --tag --source --force $shared" ;;
    check) echo "-c --config $shared" ;;
    run) echo "-c --config --for --recording --show $shared" ;;
    learn) echo "-c --config --for --recording $shared" ;;
    query) echo '--psk --json -h --help' ;;
    watch) echo '--psk --json --show -h --help' ;;
    search) echo "--history --library --postgres --like --not -n --number --since --path --board --apart --template --html $shared" ;;
    index) echo "--library --thumbnails --whole --emptied -q --quiet $shared" ;;
    duplicates) echo "--library --above -q --quiet $shared" ;;
    export) echo "--postgres --library --history --board -q --quiet $shared" ;;
    tag) echo "-t --tag -T --tags --template --top --orientation -r --recursive -q --quiet --csv --svg $shared" ;;
    embed) echo "--image --text --format -o --output --orientation -r --recursive -q --quiet $shared" ;;
    eval) echo "--labels -T --tags --pairs --template --templates --against --dataset --csv --report -o --output --orientation -q --quiet $shared" ;;
    audit) echo "--pairs --labels -t --tag -T --tags --template --threshold --csv --report -o --output --orientation -q --quiet $shared" ;;
    prompts) echo "-t --tag -T --tags --template --tune --labels --templates --adjective --held-out -o --output --orientation -q --quiet $shared" ;;
    tokenize | info | selftest) echo "$shared" ;;
    score) echo "--text --template --top --server --orientation -r --recursive -q --quiet --csv $shared" ;;
    password) echo "-h --help" ;;
    draw) echo "-o --output --against --seed --steps --seconds --preview -q --quiet $shared" ;;
    moderate) echo "--policy --learn --labels --positives --orientation -r --recursive -q --quiet $shared" ;;
    bench) echo "-n --runs --plan $shared" ;;
    ocelli-convert) echo '-o --output --tokenizer --calibrate --no-calibrate --no-text --prompts --report --name --license-file --activation --mean --std --resize --filter --heads --logit-scale --compare -h --help' ;;
    *) echo '-h --help -V --version' ;;
    esac
}

_ocelli_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

_ocelli_files() { # WORD [PATTERN]: files whose names match, and folders
    local file
    compopt -o filenames 2>/dev/null
    COMPREPLY=()
    while read -r file; do
        # shellcheck disable=SC2254 # the pattern is one
        if [[ -d ${file/#\~/$HOME} ]]; then COMPREPLY+=("$file"); else case ${file,,} in ${2:-*}) COMPREPLY+=("$file") ;; esac fi
    done < <(compgen -f -- "$1")
}

_ocelli_pictures='*.@(png|jpg|jpeg|webp|bmp|gif|tga|pnm|ppm|pgm|pbm)'

_ocelli_source() { # WORD SCHEMES: a source of frames
    case $1 in
    files:*) compopt -o filenames -o nospace 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -P files: -- "${1#files:}") ;;
    y4m:*) _ocelli_files "${1#y4m:}"; COMPREPLY=("${COMPREPLY[@]/#/y4m:}") ;;
    raw:*:*:*) _ocelli_files "${1##*:}"; COMPREPLY=("${COMPREPLY[@]/#/${1%:*}:}") ;;
    *) compopt -o nospace 2>/dev/null; _ocelli_words "$2" "$1" ;;
    esac
}

_ocelli_board() { # WORD: the address of a board
    case $1 in
    serial:*) mapfile -t COMPREPLY < <(compgen -P serial: -G "${1#serial:}*" | grep -E '^serial:/dev/(tty(S|USB|ACM|AMA)|serial)')
        [[ $1 = serial:*/dev/?* ]] || COMPREPLY+=(serial:/dev/) ;;
    *) compopt -o nospace 2>/dev/null; _ocelli_words 'udp:// udp://localhost coap:// coap://localhost coaps:// serial:/dev/' "$1" ;;
    esac
}

_ocelli_value() { # COMMAND OPTION WORD: the option's value; fails for an option without one
    case $2 in
    --against) [[ $1 = draw ]] || _ocelli_files "$3" '*.gguf' ;;
    -m | --model) _ocelli_files "$3" '*.gguf' ;;
    -c | --config | -T | --tags) _ocelli_files "$3" '*.ini' ;;
    --device) _ocelli_words 'auto gpu cpu vulkan' "$3" ;;
    --kind) _ocelli_words 'auto f16w dot mma' "$3" ;;
    --orientation) _ocelli_words 'exif ignore' "$3" ;;
    --format) _ocelli_words 'json npy' "$3" ;;
    --source) _ocelli_source "$3" 'camera: y4m:- y4m: raw: files: test:' ;;
    --recording) _ocelli_source "$3" 'y4m:- y4m: raw: files:' ;;
    --image) _ocelli_files "$3" "$_ocelli_pictures" ;;
    --policy) _ocelli_files "$3" '*.ini' ;;
    --positives) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$3") ;;
    --labels | --templates) _ocelli_files "$3" ;;
    --pairs | --csv | --json) [[ $1 = eval || $1 = audit ]] || return 1; _ocelli_files "$3" ;;
    -o | --output) if [[ $1 = init ]]; then _ocelli_files "$3" '*.ini'; else _ocelli_files "$3"; fi ;;
    --svg | --preview | --psk | --history | --report | --tokenizer | --license-file) _ocelli_files "$3" ;;
    --calibrate) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$3") ;;
    --activation) _ocelli_words 'quick_gelu gelu gelu_tanh' "$3" ;;
    --resize) _ocelli_words 'crop squash' "$3" ;;
    --filter) _ocelli_words 'bicubic bilinear' "$3" ;;
    --mean | --std | --heads | --logit-scale | --threads | --top | --seed | --steps | --seconds | -n | --number | --runs | --apart | --for | -t | --tag | --template | --text | --name | --dataset | --adjective | --held-out | --threshold) COMPREPLY=() ;;
    *) return 1 ;;
    esac
}

_ocelli_operand() { # COMMAND WORD COUNT: COUNT operands stand before it
    case $1 in
    init) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    query) if (($3 == 0)); then _ocelli_board "$2"; elif (($3 == 1)); then _ocelli_words 'ping tags prompts add set remove search status help' "$2"; fi ;;
    watch) (($3)) || _ocelli_board "$2" ;;
    tag | score) _ocelli_files "$2" "$_ocelli_pictures" ;;
    eval | prompts | audit) (($3)) || { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2"); } ;;
    ocelli-convert) (($3)) || _ocelli_files "$2" '*.safetensors' ;;
    esac
}

# The words before the one that is completed, whole: bash cuts them at = and :. Sets `words` and `word`.
_ocelli_split() {
    local line=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    word=
    [[ $line = *[[:space:]] ]] || { word=${words[-1]}; unset 'words[-1]'; }
}

_ocelli() {
    local words word command='' option='' operands=0 i shopts
    shopts=$(shopt -p extglob)
    shopt -s extglob
    COMPREPLY=()
    _ocelli_split
    [[ ${words[0]##*/} = ocelli-convert ]] && command=ocelli-convert
    for ((i = 1; i < ${#words[@]}; i++)); do
        if [[ $option = --image && ${words[i]} != -* ]]; then continue; fi # takes all up to the next option
        if [[ -n $option && $option != --image ]]; then option=; continue; fi
        option=
        case ${words[i]} in
        --*=*) ;;
        -*) _ocelli_value "$command" "${words[i]}" '' && option=${words[i]} ;;
        *) if [[ -z $command ]]; then command=${words[i]}; else operands=$((operands + 1)); fi ;;
        esac
        COMPREPLY=()
    done
    if [[ -n $option && ($option != --image || $word != -*) ]]; then
        _ocelli_value "$command" "$option" "$word"
    elif [[ $word = --*=* ]]; then
        option=${word%%=*} word=${word#*=}
        _ocelli_value "$command" "$option" "$word"
    elif [[ $word = -* ]]; then
        _ocelli_words "$(_ocelli_options "$command")" "$word"
    elif [[ -z $command ]]; then
        _ocelli_words "$_ocelli_commands" "$word"
    else
        _ocelli_operand "$command" "$word" "$operands"
    fi
    # What stands before the last : is not part of the word for bash.
    [[ $word = *:* && $COMP_WORDBREAKS = *:* ]] && COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
    eval "$shopts"
}
complete -F _ocelli ocelli ocelli-convert
