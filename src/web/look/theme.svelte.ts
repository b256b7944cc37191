const key = 'llama.theme'

export type Theme = 'light' | 'dark'

/** Light or dark: as the system has it, until somebody chooses; light on paper. Sets data-theme at the document's root. */
class Look {
  private readonly system = matchMedia('(prefers-color-scheme: dark)')
  private chosen = $state(localStorage.getItem(key) as Theme | null)
  private systemIsDark = $state(this.system.matches)

  private isPrinted = $state(false)

  theme: Theme = $derived(this.isPrinted ? 'light' : (this.chosen ?? (this.systemIsDark ? 'dark' : 'light')))

  constructor() {
    this.system.addEventListener('change', () => (this.systemIsDark = this.system.matches))
    addEventListener('beforeprint', () => (this.isPrinted = true))
    addEventListener('afterprint', () => (this.isPrinted = false))
  }

  toggle(): void {
    this.chosen = this.theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(key, this.chosen)
  }
}

export const look = new Look()
