import { Argument, type Command } from 'commander'

/** Scripts by shell. They pass the typed words to `fulcrum complete` and never evaluate them. */
const scripts = {
  bash: `# Completion of fulcrum in bash
_fulcrum() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(fulcrum complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _fulcrum fulcrum`,
  zsh: `#compdef fulcrum
_fulcrum() {
  local line
  local -a described
  while IFS= read -r line; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(fulcrum complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#described} )); then _describe fulcrum described; else _files; fi
}
if [[ "\${funcstack[1]}" = _fulcrum ]]; then _fulcrum "$@"; else compdef _fulcrum fulcrum; fi`,
  fish: `# Completion of fulcrum in fish
function __fulcrum_complete
  set -l words (commandline -opc) (commandline -ct)
  fulcrum complete -- $words[2..-1] 2>/dev/null
end
complete -c fulcrum -f -n 'count (__fulcrum_complete) >/dev/null' -a '(__fulcrum_complete)'`,
} as const

type Shell = keyof typeof scripts
const shells = Object.keys(scripts) as Shell[]

/** `fulcrum completion SHELL` */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'Shell that runs the script').choices(shells))
    .description('Print a script that completes commands, options, runs and points in a shell')
    .option('--json', 'Print JSON: the shell and the script')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum completion bash >> ~/.bashrc
  $ fulcrum completion zsh > "\${fpath[1]}/_fulcrum"
  $ fulcrum completion fish > ~/.config/fish/completions/fulcrum.fish

Completes commands, options, IDs of runs and points, and sweeps that have runs.
Elsewhere, the shell completes files. Needs fulcrum on PATH.`,
    )
    .action((shell: Shell, { json }: { readonly json?: true }) => {
      console.log(json ? JSON.stringify({ shell, script: scripts[shell] }) : scripts[shell])
    })
}

/** `fulcrum complete -- WORD…`: the scripts call it at each Tab. */
export function addComplete(program: Command, programFor: (words: readonly string[]) => Promise<Command>): void {
  program
    .command('complete', { hidden: true })
    .argument('[words...]', 'Words after fulcrum; the last one is completed')
    .description('Print what can follow the words of a command line, a line each')
    .action(async (words: readonly string[]) => {
      const { allSuggestions } = await import('../suggested-values.ts')
      for (const { word, about } of await allSuggestions(await programFor(words), words))
        console.log(`${word}\t${about}`)
    })
}
