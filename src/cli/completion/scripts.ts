/**
 * The scripts that teach a shell to ask `muster __complete`. The words typed so far are handed over as arguments and
 * never evaluated: a half-typed `$(…)` must not run because somebody pressed the tab key.
 */
export const COMPLETION_SCRIPTS = {
  bash: `# completion of muster for bash: source <(muster completion bash)
_muster() {
  # bash has cut the words at ":" and "=", which belong to our names; join them again.
  local line="\${COMP_LINE:0:COMP_POINT}" word cur="" joined=() index
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if ((index == COMP_CWORD)) && [[ -n "$word" ]]; then
      # Only what stands before the cursor counts.
      while [[ -n "$word" && "$line" != *"$word" ]]; do word="\${word%?}"; done
    fi
    if ((\${#joined[@]} > 0)) && { [[ "$word" == [:=] ]] || [[ "\${joined[\${#joined[@]} - 1]}" == *[:=] && "\${COMP_WORDS[index - 1]}" == [:=] ]]; }; then
      joined[\${#joined[@]}-1]+="$word"
    else
      joined+=("$word")
    fi
  done
  ((\${#joined[@]} > 0)) && cur="\${joined[\${#joined[@]} - 1]}"
  local prefix="" value
  [[ "$COMP_WORDBREAKS" == *:* && "$cur" == *:* ]] && prefix="\${cur%:*}:"
  [[ "$COMP_WORDBREAKS" == *=* && "$cur" == *=* ]] && prefix="\${cur%=*}="
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    COMPREPLY+=("\${value#"$prefix"}")
  done < <("\${COMP_WORDS[0]}" __complete "\${joined[@]}" 2>/dev/null)
  if ((\${#COMPREPLY[@]} == 1)) && [[ "\${COMPREPLY[0]}" == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _muster muster
`,
  zsh: `#compdef muster
# completion of muster for zsh: source <(muster completion zsh)
_muster() {
  local -a offers
  local value about
  while IFS=$'\\t' read -r value about; do
    offers+=("\${value//:/\\\\:}\${about:+:$about}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if ((\${#offers})); then
    _describe muster offers
  else
    _files
  fi
}
compdef _muster muster
`,
  fish: `# completion of muster for fish: muster completion fish | source
function __muster_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l offers (command $words[1] __complete $words[2..-1] 2>/dev/null)
    if test (count $offers) -gt 0
        printf '%s\\n' $offers
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c muster -f -a '(__muster_complete)'
`,
} as const;

export type Shell = keyof typeof COMPLETION_SCRIPTS;
export const SHELLS = Object.keys(COMPLETION_SCRIPTS) as readonly Shell[];
