import { workersOf } from '../../point/index.ts'
import { quoted } from '../file/problem.ts'
import type { Check } from './check.ts'
import { settingPlace } from './place.ts'
import { engineSetting } from './setting.ts'

/** Decode workers read the KV cache that prefill workers wrote: both must store it alike. */
export const checkKvDtype: Check = ({ raw, deployments }, report) => {
  for (const { topology, engine } of deployments) {
    if (workersOf(topology, 'prefill') === 0) continue
    const prefill = engineSetting('kvCacheDtype', raw.deploy, 'prefill', engine.prefill ?? {})
    const decode = engineSetting('kvCacheDtype', raw.deploy, 'decode', engine.decode ?? {})
    if (prefill === decode) continue
    const role = decode === undefined ? 'prefill' : 'decode'
    report(
      settingPlace('kvCacheDtype', raw, role, engine[role] ?? {}),
      `the KV cache dtype is ${quoted(prefill)} in prefill and ${quoted(decode)} in decode workers`,
      'write the same for both; engine.all moves both together',
    )
  }
}
