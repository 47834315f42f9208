/** The worker's own words for why it computes where it does. */
const REASONS: Readonly<Record<string, string>> = {
  'WASM was asked for': 'WebAssembly war gewünscht',
  'WebGPU was asked for': 'WebGPU war gewünscht',
  'there is no WebGPU here': 'hier gibt es kein WebGPU',
  'WebGPU found no usable GPU': 'WebGPU fand keine nutzbare Grafikkarte',
  'there is a GPU': 'es gibt eine Grafikkarte',
}

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
  lead: 'Ein kleines Sprachmodell, das das große des Anbieters nachahmt. Es wird einmal geladen, geprüft, und bleibt in diesem Browser.',
  about: { summary: 'Mehr über dieses Modell' },
  choose: 'Modell zum Lernen',
  facts: {
    standsFor: 'Steht für',
    size: 'Zu laden',
    architecture: 'Art',
    parameters: 'Größe innen',
    hash: 'Fingerabdruck',
    licence: 'Lizenz',
    inLayers: (count: number, layers: string) =>
      `${(count / 1e6).toFixed(1).replace('.', ',')} Millionen Zahlen in ${layers}`,
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
    weights: 'Genauigkeit des Modells',
    weightsHint:
      'Ein gröberes Modell braucht weniger Speicher der Grafikkarte. Der Prompt gehört dann zum gerundeten Modell; sein Zertifikat sagt es, und der Anbieter rundet seines ebenso.',
    weightsOf: {
      f32: 'Wie in der Datei (empfohlen)',
      f16: 'Halbe Genauigkeit: halber Speicher',
      int8: '8 Bit für das meiste: für diese Teile ein Viertel des Speichers',
      'f16-mixed': 'Halbe Genauigkeit, auch beim Rechnen, wo die Karte es kann: halber Speicher, gröber gerundet',
    },
    able: (sizeText: string) => `Das kann es: das Modell braucht etwa ${sizeText} Speicher je Hintergrundprogramm.`,
    withGpu: 'Die Grafikkarte wird rechnen.',
    withoutGpu: (helpers: number) =>
      helpers === 1
        ? 'Der Prozessor wird rechnen, in einem Hintergrundprogramm.'
        : `Der Prozessor wird rechnen, in ${helpers} Hintergrundprogrammen.`,
  },
  load: (size: string) => `Modell laden (${size})`,
  loadAgain: 'Modell wieder laden',
  folder: {
    drop: 'Ziehen Sie den Ordner hierher, oder wählen Sie ihn.',
    pick: 'Einen Modellordner von diesem Computer nehmen',
    lead: 'Jeder Hugging-Face-Ordner mit safetensors-Gewichten einer Art, die hier läuft. Nichts davon wird gesendet. Ein Prompt dafür lässt sich speichern; der Anbieter nimmt nur Prompts für Modelle, die er anbietet.',
    used: (name: string) => `Aus dem Ordner ${name} auf diesem Computer gelesen.`,
  },
  cancel: 'Abbrechen',
  stage: {
    downloading: 'Das Modell wird geladen',
    starting: 'Das Hintergrundprogramm wird gestartet',
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
    reason: (reason: string) => REASONS[reason] ?? reason,
    adapter: 'Adapter',
    details: 'Einzelheiten',
    workers: 'Hintergrundprogramme',
    hash: 'Fingerabdruck',
    verified: 'Jede Datei gleicht Byte für Byte der, die der Anbieter nennt.',
    madeRoom: (models: string) => `Um Platz zu schaffen, musste weichen, was dieser Browser noch hatte: ${models}.`,
  },
  probe: {
    title: 'Können Ihre Zeilen hinaus?',
    allRefused: (count: number) =>
      `Dieser Browser verweigerte alle ${count} Wege ins Netz, die das Hintergrundprogramm versuchte.`,
    someOpen: (open: number, count: number) =>
      `${open} von ${count} Wegen ins Netz wurden nicht verweigert. Diese Seite kommt ohne die Regeln, die das Hintergrundprogramm vom Netz fernhalten; das Versprechen ruht allein auf dem Programm.`,
    someSilent: (refused: number, silent: number) =>
      `Dieser Browser verweigerte ${refused} Wege ins Netz, und auf den anderen ${silent} kam nichts zurück.`,
    silentDetail:
      'Auf denen meldet er nicht, was er verweigert. Dieselben Regeln stehen ihnen entgegen; unsere Tests mit Firefox 153 beobachten die Leitung, und nichts geht hinaus.',
    explain:
      'Das Hintergrundprogramm, das Ihre Datei lesen wird, versucht beim Start jeden davon. Die Verweigerung kommt vom Browser, nach den Regeln, mit denen diese Seite kam.',
    list: 'Jeden Versuch ansehen',
    caption: 'Versuche des Hintergrundprogramms',
    attempt: 'Versuch',
    result: 'Ergebnis',
    outcome: { refused: 'verweigert', silent: 'nichts kam zurück', open: 'nicht verweigert' },
  },
}
