import type { EditorAction } from './editor.ts';
import type { Key, KeyName } from './keys.ts';

const ACTIONS: Partial<Readonly<Record<KeyName, EditorAction>>> = {
  backspace: { type: 'erase', what: 'left' },
  delete: { type: 'erase', what: 'right' },
  'erase-word': { type: 'erase', what: 'word' },
  'erase-to-start': { type: 'erase', what: 'to-start' },
  'erase-to-end': { type: 'erase', what: 'to-end' },
  left: { type: 'move', to: 'left' },
  right: { type: 'move', to: 'right' },
  'word-left': { type: 'move', to: 'word-left' },
  'word-right': { type: 'move', to: 'word-right' },
  home: { type: 'move', to: 'home' },
  end: { type: 'move', to: 'end' },
  up: { type: 'recall', step: -1 },
  down: { type: 'recall', step: 1 },
};

/** What a key does to the line being typed, if anything. */
export function editingAction(key: Key): EditorAction | undefined {
  if (key.type === 'text') return { type: 'insert', text: key.text };
  return key.type === 'key' ? ACTIONS[key.name] : undefined;
}
