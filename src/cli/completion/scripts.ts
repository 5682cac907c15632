/**
 * The scripts that make shells complete our commands. Each asks `__complete` with the words of the
 * line and gets the kind of completion in the first line, then a candidate a line, a tab before its
 * summary.
 *
 * What a person has typed is only ever passed on as an argument: a script that evaluated it would
 * run the `$(…)` in a line that was not sent yet.
 * @module
 */
/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** A shell that there is a script for. */
export type Shell = typeof SHELLS[number];

/** How a script completes. */
export interface ScriptOptions {
  /** Whether it shows what each word means; true when absent. */
  readonly descriptions?: boolean;
}

/** The script for a shell, which completes the program of this name. */
export function completionScript(
  shell: Shell,
  programName: string,
  { descriptions = true }: ScriptOptions = {},
): string {
  const name = programName.replace(/[^A-Za-z0-9_]/g, "_");
  const ask = descriptions ? "__complete" : "__complete --no-descriptions";
  return SCRIPTS[shell]
    .replaceAll(/(?<= )__complete\b/g, ask)
    .replaceAll("PROGRAM", programName)
    .replaceAll("NAME", name);
}

/**
 * Bash breaks words at = and :, so the script puts them together again, and gives back only what
 * follows the last break. It works with the Bash 3.2 of macOS, which has no compopt.
 */
const BASH = `# bash completion for PROGRAM
_NAME_complete() {
  local rest=\${COMP_LINE:0:COMP_POINT} i fragment= last=-1
  local -a words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      words[++last]=
    fi
    fragment=\${rest:0:\${#COMP_WORDS[i]}}
    words[last]+=$fragment
    rest=\${rest:\${#fragment}}
  done

  local program=$1 current=\${words[last]} kind= value summary prefix=
  type -P "$program" >/dev/null || program=PROGRAM
  [[ $current == --*=* ]] && prefix=\${current%%=*}=
  [[ $fragment == [=:]* ]] && fragment=
  local before=\${current%"$fragment"}

  COMPREPLY=()
  while IFS=$'\\t' read -r value summary; do
    if [[ -z $kind ]]; then
      kind=$value
    else
      value=$prefix$value
      COMPREPLY+=("\${value#"$before"}")
    fi
  done < <("$program" __complete -- "\${words[@]:1}" 2>/dev/null)

  case $kind in
    files) ;;
    folders) compopt +o default -o dirnames 2>/dev/null ;;
    *) compopt +o default 2>/dev/null ;;
  esac
}
complete -o default -F _NAME_complete PROGRAM
`;

const ZSH = `#compdef PROGRAM
# zsh completion for PROGRAM
_NAME_complete() {
  local program=\${words[1]} line word
  local -a lines described
  (( $+commands[$program] )) || [[ -x $program ]] || program=PROGRAM
  lines=("\${(@f)$("$program" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ $PREFIX == --*=* ]] && compset -P '*='
  case \${lines[1]} in
    files) _files ;;
    folders) _files -/ ;;
    *)
      for line in "\${(@)lines[2,-1]}"; do
        # A colon parts a word from its summary; where there is none, zsh would show "--" for it.
        word=\${\${line%%$'\\t'*}//:/\\\\:}
        [[ $line == *$'\\t'* ]] && word+=:\${line#*$'\\t'}
        described+=("$word")
      done
      _describe -t values PROGRAM described
      ;;
  esac
}
compdef _NAME_complete PROGRAM
`;

const FISH = `# fish completion for PROGRAM
function __NAME_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    type -q "$program"; or set program PROGRAM
    set -l lines ($program __complete -- $words[2..-1] "$current" 2>/dev/null)
    set -l prefix (string match -r -- '^--[^=]*=' "$current")
    set -l start (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$lines[1]"
        case files
            set lines '' (__fish_complete_path "$start")
        case folders
            set lines '' (__fish_complete_directories "$start" '')
    end
    for line in $lines[2..-1]
        printf '%s%s\\n' "$prefix" $line
    end
end
complete -c PROGRAM -f -a '(__NAME_complete)'
`;

/**
 * PowerShell loses an empty last word on its way to a program before version 7.3, so the script
 * says that a word is begun. Where there is no candidate the shell completes files itself.
 */
const POWERSHELL = `# powershell completion for PROGRAM
Register-ArgumentCompleter -Native -CommandName 'PROGRAM' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $_.Value
            } else {
                $_.Extent.Text
            }
        })
    $begun = @()
    if ([string]::IsNullOrEmpty($wordToComplete)) { $begun = @('--new-word') }
    $kind, $lines = @(& 'PROGRAM' __complete @begun -- @words 2>$null)
    $prefix = ''
    if ($wordToComplete -match '^(--[^=]*=)') { $prefix = $Matches[1] }
    $lines | Where-Object { $_ } | ForEach-Object {
        $value, $summary = $_ -split "\t", 2
        if (-not $summary) { $summary = $value }
        $text = $prefix + $value
        if ($text -notmatch '^[\w./:@=-]+$') { $text = "'" + $text.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $summary)
    }
}
`;

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  powershell: POWERSHELL,
};
