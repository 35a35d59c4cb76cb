// Loaded by `node --import`: writes each module that a process loads to the file that FULCRUM_LOADED_MODULES names.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = []
registerHooks({
  load(url, context, next) {
    if (!url.startsWith('node:')) loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => writeFileSync(process.env.FULCRUM_LOADED_MODULES, loaded.join('\n')))
