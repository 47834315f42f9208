export const MODEL_DE = {
  route: {
    label: 'Was auf diesem Gerät bleibt und was gesendet wird',
    here: { name: 'Dieses Gerät', things: ['Ihre Zeilen', 'Das kleine Modell', 'Das Lernen'] },
    travels: 'Nur der fertige Prompt, wenn Sie ihn senden',
    there: { name: 'Der Anbieter', things: ['Das große Modell', 'Öffentliche Texte'] },
  },
  listing: 'Der Anbieter wird gefragt, welche Modelle er hat',
  listFailed: { safe: 'Noch wurde nichts geladen.', again: 'Nochmals fragen' },
  noStudents: {
    title: 'Dieser Anbieter hat kein Modell zum Lernen',
    detail: 'Sein großes Modell hat noch keinen kleinen Stellvertreter. Fragen Sie den Anbieter.',
  },
  choose: 'Modell zum Lernen',
  facts: {
    standsFor: 'Steht für',
    size: 'Zu laden',
    parameters: 'Parameter',
    licence: 'Lizenz',
    inLayers: (count: number, layers: string) => `${(count / 1e6).toFixed(1).replace('.', ',')} Millionen in ${layers}`,
  },
  device: {
    title: 'Dieses Gerät',
    cores: 'Prozessorkerne',
    memory: 'Speicher',
    memoryAtLeast: (gibibytes: number) => `${gibibytes} GB oder mehr`,
    unknown: 'sagt dieser Browser nicht',
    gpu: 'Grafikkarte',
    hasGpu: 'hier nutzbar',
    noGpu: 'hier keine nutzbar',
    compute: 'Rechnen mit',
    backend: {
      auto: 'Was zu diesem Gerät passt (empfohlen)',
      webgpu: 'Der Grafikkarte (WebGPU)',
      wasm: 'Dem Prozessor (WebAssembly)',
    },
    able: (sizeText: string) => `Es reicht: das Modell braucht etwa ${sizeText} Speicher je Helfer.`,
    withGpu: 'Die Grafikkarte wird rechnen.',
    withoutGpu: (helpers: number) =>
      helpers === 1
        ? 'Der Prozessor wird rechnen, in einem Arbeiter im Hintergrund.'
        : `Der Prozessor wird rechnen, in ${helpers} Arbeitern im Hintergrund.`,
  },
  load: (size: string) => `Modell laden (${size})`,
  loadAgain: 'Modell wieder laden',
  folder: {
    pick: 'Einen Modellordner von diesem Computer nehmen',
    lead: 'Jeder Hugging-Face-Ordner mit safetensors-Gewichten einer Art, die hier läuft. Nichts davon wird gesendet. Ein Prompt dafür lässt sich speichern; der Anbieter nimmt nur Prompts für Modelle, die er anbietet.',
    used: (name: string) => `Aus dem Ordner ${name} auf diesem Computer gelesen.`,
  },
  cancel: 'Abbrechen',
  stage: {
    downloading: 'Das Modell wird geladen',
    starting: 'Der Arbeiter wird gestartet',
    opening: 'Die Prüfsumme jeder Datei wird geprüft und das Modell geöffnet',
  },
  bytes: (done: string, total: string) => `${done} von ${total}`,
  failed: { safe: 'Nichts von Ihnen wurde berührt. Angekommene Dateien behält der Browser.' },
  ready: {
    title: 'Das Modell ist bereit',
    badge: 'Bereit',
    backend: 'Rechnet mit',
    backendName: {
      webgpu: 'der Grafikkarte (WebGPU)',
      wasm: 'dem Prozessor (WebAssembly)',
      cpu: 'dem Prozessor (einfach)',
    },
    why: 'Warum',
    adapter: 'Adapter',
    workers: 'Arbeiter',
    hash: 'Fingerabdruck',
    verified: 'Jede Datei gleicht Byte für Byte der, die der Anbieter nennt.',
    madeRoom: (models: string) => `Um Platz zu schaffen, musste weichen, was dieser Browser noch hatte: ${models}.`,
  },
  probe: {
    title: 'Wege aus dem Arbeiter hinaus',
    allRefused: (count: number) =>
      `Dieser Browser verweigerte alle ${count} Wege ins Netz, die der Arbeiter versuchte.`,
    someOpen: (open: number, count: number) =>
      `${open} von ${count} Wegen ins Netz wurden nicht verweigert. Diese Seite kommt ohne die Regeln, die den Arbeiter vom Netz fernhalten; das Versprechen ruht allein auf dem Programm.`,
    explain:
      'Der Arbeiter, der Ihre Datei lesen wird, versucht beim Start jeden davon. Die Verweigerung kommt vom Browser, nach den Regeln, mit denen diese Seite kam.',
    list: 'Jeden Versuch ansehen',
    caption: 'Versuche des Arbeiters',
    attempt: 'Versuch',
    result: 'Ergebnis',
    refused: 'verweigert',
    open: 'nicht verweigert',
  },
}
