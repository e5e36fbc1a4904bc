import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** The browser of the stories: `CHROMIUM_PATH`, else the system's, else the one that npm brought, unpacked to a temporary folder. */
export async function chromiumPath(): Promise<string> {
  if (process.env['CHROMIUM_PATH']) return process.env['CHROMIUM_PATH']
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = names.map((name) => join(folder, name)).find((file) => existsSync(file))
    if (found !== undefined) return found
  }
  const { default: packaged } = await import('@sparticuz/chromium')
  return await packaged.executablePath()
}
