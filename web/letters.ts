/** @file Letters in the 3-D view that say which way the patient lies. */
import { CanvasTexture, Sprite, SpriteMaterial, type Vector3 } from 'three';
import type { Vec3 } from '../src/data/types.ts';

/** A letter that always faces the viewer, legible on light and dark. */
export function letter(text: string, at: Vector3, size: number, colour: string): Sprite {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 64;
  const context = canvas.getContext('2d')!;
  context.font = '600 44px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 10;
  context.lineJoin = 'round';
  context.strokeStyle = '#000';
  context.strokeText(text, 32, 34);
  context.fillStyle = colour;
  context.fillText(text, 32, 34);
  const sprite = new Sprite(new SpriteMaterial({ map: new CanvasTexture(canvas), depthTest: false }));
  sprite.position.copy(at);
  sprite.scale.setScalar(size);
  return sprite;
}

/** Patient directions in LPS: left, right, posterior, anterior, superior, inferior. */
export const directions: readonly (readonly [string, Vec3])[] = [
  ['L', [1, 0, 0]],
  ['R', [-1, 0, 0]],
  ['P', [0, 1, 0]],
  ['A', [0, -1, 0]],
  ['S', [0, 0, 1]],
  ['I', [0, 0, -1]],
];
