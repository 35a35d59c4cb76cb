/** One instruction of a Containerfile. */
export interface Instruction {
  readonly name: string
  readonly text: string
}

/** The instructions, stage by stage, with the build arguments' defaults filled in. Refuses an instruction it doesn't know. */
export function stagesOf(text: string): readonly (readonly Instruction[])[] {
  const known = ['ARG', 'FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD']
  const args = new Map<string, string>()
  const stages: Instruction[][] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (!known.includes(name)) throw new Error(`unknown instruction: ${line}`)
    const filled = rest.replace(/\$\{(\w+)\}/g, (all, arg: string) => args.get(arg) ?? all)
    const [, arg = '', value = ''] = /^(\w+)=(.*)$/.exec(filled) ?? []
    if (name === 'ARG') args.set(arg, value)
    else if (name === 'FROM') stages.push([{ name, text: filled }])
    else stages.at(-1)?.push({ name, text: filled })
  }
  return stages
}
