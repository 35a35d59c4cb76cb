import type { Engine } from '../../src/engines/define-engine.ts'

/** The page that lists the settings that Fulcrum knows of each engine. */
export function engineSettingsPage(engines: readonly Engine[]): string {
  return [
    '# Engine settings',
    '',
    'The settings that Fulcrum knows of each engine, by their names in the `engine` section. It rejects any other name there, and suggests',
    'the closest known one. A worker argument that is missing here can still be given in `deploy.args` or `deploy.role_args`. The rules for',
    'settings are in [Checks of engine settings](engine-checks.md). `npm run docs:reference` generates this page.',
    ...engines.flatMap(engineSection),
    '',
  ].join('\n')
}

function engineSection({ title, module, about, settings, aliases }: Engine): readonly string[] {
  const names = [...(settings.known ?? [])].sort()
  const also = Object.entries(aliases).map(([name, own]) => `\`${name}\` (for \`${own}\`)`)
  return [
    '',
    `## ${title}`,
    '',
    `\`backend: ${module}\`. ${about}`,
    ...(also.length === 0 ? [] : ['', `Also accepted: ${also.join(', ')}.`]),
    '',
    '```text',
    ...wrapped(names),
    '```',
  ]
}

/** Names in lines of at most 120 characters. */
function wrapped(names: readonly string[]): readonly string[] {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + name.length <= 120) lines[lines.length - 1] = `${last} ${name}`
    else lines.push(name)
  }
  return lines
}
