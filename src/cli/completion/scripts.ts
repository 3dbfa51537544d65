/**
 * What a shell loads. Each asks `sotto completion answer` and takes lines: first what they are (words, files or folders), then one
 * candidate a line. Nothing of them is evaluated: names come from a file that others may have written.
 */
export const SCRIPTS = {
  bash: `# bash completion for sotto. In ~/.bashrc: eval "$(sotto completion bash)"
_sotto() {
  local line kind=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <(sotto completion answer bash -- "$COMP_WORDBREAKS" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)
  case $kind in
    files) ;;
    folders) compopt +o default -o dirnames 2>/dev/null ;;
    *) compopt +o default +o bashdefault 2>/dev/null ;;
  esac
}
complete -o bashdefault -o default -F _sotto sotto
`,
  zsh: `#compdef sotto
# zsh completion for sotto. In ~/.zshrc, after compinit: eval "$(sotto completion zsh)"
_sotto() {
  local kind line
  local -a lines values shown
  lines=("\${(@f)$(sotto completion answer zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  kind=$lines[1]
  for line in "\${(@)lines[2,-1]}"; do
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  case $kind in
    files) compset -P '--*='; _files ;;
    folders) compset -P '--*='; _files -/ ;;
    *) (( $#values )) && compadd -l -d shown -a -- values ;;
  esac
}
if [[ $funcstack[1] == _sotto ]]; then _sotto "$@"; else compdef _sotto sotto; fi
`,
  fish: `# fish completion for sotto. Once: sotto completion fish > ~/.config/fish/completions/sotto.fish
function __sotto_answer
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (sotto completion answer fish -- $words "$current" 2>/dev/null </dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case '*'
            set -e lines[1]
            test (count $lines) -gt 0; and printf '%s\\n' $lines
    end
end
complete -c sotto -f -a '(__sotto_answer)'
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
