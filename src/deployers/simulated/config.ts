import { z } from 'zod'
import { routerModes } from '../../simulator/routing.ts'
import { field, share } from '../../yaml/field.ts'
import { decisive, type ReadKeys } from '../../yaml/keys.ts'
import { reading } from '../../yaml/reading.ts'
import { existing } from '../../yaml/section-context.ts'

const usual = 'deepseek-r1-fp4-gb200'

/** Keys of `deploy` for the simulator. */
export const simulatedKeys = {
  profile: decisive(
    field(
      // A single word is the name of a shipped profile; anything else is a path.
      reading(z.string().min(1), (text, context, path) =>
        /[/\\]|\.ya?ml$/.test(text) ? existing(context, path, text, 'file') : text,
      ),
      `Timing profile of the simulated hardware: the name of a shipped one, or a path (relative to this file). Default: \`${usual}\`.`,
      `write ${usual}, or the path of a profile file`,
    ).prefault(usual),
  ),
  router: decisive(
    field(
      z.enum(routerModes),
      'How the frontend picks a worker of a role: `round-robin`, or the one with the fewest requests (`least-loaded`). Default: `round-robin`.',
      'write round-robin or least-loaded',
    ).optional(),
  ),
  acceptance: decisive(
    field(
      z.union([share, z.literal('by-prompt')]),
      'Speculative decoding (`speculative_config` in `engine`): the chance that the simulated model accepts a drafted token, given that it accepted those before it, 0–1. `by-prompt`: as much as a lookup of its last words guesses right in the end of each prompt, so that code is accepted more than prose, and random words hardly ever.',
      'write a share such as 0.7, or by-prompt',
    ).optional(),
  ),
  error_rate: decisive(
    field(
      share,
      'Share of `quality` questions that the simulated model answers wrongly, 0–1. It knows sums such as `What is 17 + 25?` and a few facts. Default: 0.',
      'write a share such as 0.05',
    ).optional(),
  ),
  reasoning_share: decisive(
    field(
      share,
      'Share of the tokens of each chat answer that are reasoning, before the answer itself, 0–1: streamed as `reasoning_content`, counted in the usage. With 1, an answer ends while it still reasons. Default: 0.',
      'write a share such as 0.75',
    ).optional(),
  ),
}

/** The embedded simulated engine with real HTTP on loopback. */
export type SimulatedConfig = ReadKeys<typeof simulatedKeys>
