# shellcheck shell=bash
# Completes command lines from the tables above it. PROGRAM stands for the program's own name.
#
# The tables answer in REPLY, by the path of commands ("keys create"):
#   PROGRAM_commands PATH             commands that may follow
#   PROGRAM_options PATH              options
#   PROGRAM_value PATH OPTION         what the option takes: nothing where it is a flag
#   PROGRAM_positional PATH N         what the N-th word takes that is no option, from 0 on
# What something takes is one of: "text", "words A B", "list A B" (commas between), "file",
# "folder", "format A B", "source A B" (A:FILE).

PROGRAM_offer() { # PREFIX WORD... : those that begin with $cur, as candidates
  local prefix=$1 word
  shift
  for word in "$@"; do
    [[ $prefix$word == "$cur"* ]] && COMPREPLY+=("$prefix$word")
  done
}

PROGRAM_files() { # PREFIX -f|-d : paths that continue what is behind the prefix in $cur
  local prefix=$1 found typed=${cur#"$1"}
  typed=${typed//\\/}
  typed=${typed#[\"\']}
  compopt -o filenames 2>/dev/null
  while IFS= read -r found; do
    COMPREPLY+=("$prefix$found")
  done < <(compgen "$2" -- "$typed")
}

PROGRAM_take() { # PREFIX WHAT WORD... : candidates for a value behind the prefix in $cur
  (($# >= 2)) || return 0
  local prefix=$1 what=$2 typed
  shift 2
  typed=${cur#"$prefix"}
  case $what in
    words | format) PROGRAM_offer "$prefix" "$@" ;;
    list)
      [[ $typed == *,* ]] && prefix+=${typed%,*},
      PROGRAM_offer "$prefix" "$@"
      ;;
    file) PROGRAM_files "$prefix" -f ;;
    folder) PROGRAM_files "$prefix" -d ;;
    source)
      if [[ $typed == *:* ]]; then
        PROGRAM_files "$prefix${typed%%:*}:" -f
      else
        PROGRAM_offer "$prefix" "${@/%/:}"
        compopt -o nospace 2>/dev/null
      fi
      ;;
  esac
}

# Some shells cut words at "=" and ":": puts them together again, up to the one to complete. Sets
# `given`, `cur` and `cut`, that part of `cur` which the shell does not replace.
PROGRAM_join() {
  local i word glue=
  given=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((${#given[@]} > 0)) && [[ ($glue && $word) || $word == [:=] || $word == :: ]]; then
      given[${#given[@]} - 1]+=$word
    else
      given+=("$word")
    fi
    glue=
    [[ $word == [:=] || $word == :: ]] && glue=1
  done
  cur=${given[${#given[@]} - 1]}
  cut=${cur%"$word"}
  [[ $glue ]] && cut=$cur
  given=("${given[@]:0:${#given[@]}-1}")
}

# Goes through the words before the one to complete. Sets `chain`, `count` (of words that are no
# options), `option` (whose value is next) and `only` (no options any more).
PROGRAM_walk() {
  local word REPLY
  for word in "${given[@]}"; do
    if [[ $option ]]; then
      option=
    elif [[ ! $only && $word == -- ]]; then
      only=1
    elif [[ ! $only && $word == -?* ]]; then
      PROGRAM_value "$chain" "${word%%=*}"
      [[ $REPLY && $word != *=* ]] && option=$word
    else
      PROGRAM_commands "$chain"
      if [[ ! $only && $count == 0 && " $REPLY " == *" $word "* ]]; then
        chain+=${chain:+ }$word
      else
        count=$((count + 1))
      fi
    fi
  done
}

PROGRAM_complete() {
  local given cur cut chain='' option='' only='' count=0 REPLY='' i
  COMPREPLY=()
  PROGRAM_join
  PROGRAM_walk
  if [[ $option ]]; then
    PROGRAM_value "$chain" "$option"
    # shellcheck disable=SC2086
    PROGRAM_take '' $REPLY
  elif [[ ! $only && $cur == --*=* ]]; then
    PROGRAM_value "$chain" "${cur%%=*}"
    # shellcheck disable=SC2086
    PROGRAM_take "${cur%%=*}=" $REPLY
  else
    PROGRAM_next
  fi
  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
    COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
  done
}

# Candidates where no option waits for its value.
PROGRAM_next() {
  if [[ $only || $cur != -* ]]; then
    if [[ ! $only && $count == 0 ]]; then
      PROGRAM_commands "$chain"
      # shellcheck disable=SC2086
      PROGRAM_offer '' $REPLY
    fi
    PROGRAM_positional "$chain" "$count"
    # shellcheck disable=SC2086
    PROGRAM_take '' $REPLY
    [[ $cur || $only || $REPLY || ${#COMPREPLY[@]} -gt 0 ]] && return
  fi
  PROGRAM_options "$chain"
  # shellcheck disable=SC2086
  PROGRAM_offer '' $REPLY
}
