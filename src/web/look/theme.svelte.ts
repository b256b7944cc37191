const key = 'llama.theme'

export type Theme = 'light' | 'dark'

/** Light or dark: as the system has it, until somebody chooses. Sets data-theme at the document's root. */
class Look {
  private readonly system = matchMedia('(prefers-color-scheme: dark)')
  private chosen = $state(localStorage.getItem(key) as Theme | null)
  private systemIsDark = $state(this.system.matches)

  theme: Theme = $derived(this.chosen ?? (this.systemIsDark ? 'dark' : 'light'))

  constructor() {
    this.system.addEventListener('change', () => (this.systemIsDark = this.system.matches))
  }

  toggle(): void {
    this.chosen = this.theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(key, this.chosen)
  }
}

export const look = new Look()
