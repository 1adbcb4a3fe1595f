/** @file Reflects one shader's text: entry points, bindings with access, parameters, what can be specialised. */
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';

function fieldType(type) {
  if (type.format) return `${type.name}<${type.format.name}>`;
  return type.name;
}

/** The text without what wgsl_reflect cannot read: directives, and the types of subgroup matrices. */
function readable(source) {
  return source
    .replace(/^(enable|requires) .*;$/gm, '')
    .replace(/subgroup_matrix_\w+<[^>]*>/g, 'f32')
    .replace(/(subgroupMatrix\w+)<[^>]*>/g, '$1');
}

/** Types of a parameter block's members, which must lie where `packParams` puts them. */
function fieldsOf(members) {
  let end = 0;
  for (const { name, offset, size } of members) {
    if (offset !== Math.ceil(end / size) * size)
      throw new Error(`Parameter ${name} lies at byte ${offset}. Use scalars, vec2s and vec4s.`);
    end = offset + size;
  }
  return Object.fromEntries(members.map(({ name, type }) => [name, fieldType(type)]));
}

function entryOf({ resources }) {
  const uniform = resources.find(({ resourceType }) => resourceType === 0);
  const bindings = resources
    .filter(({ resourceType }) => resourceType === 1)
    .sort((a, b) => a.binding - b.binding)
    .map(({ name, binding, access }) => ({
      name,
      binding,
      access: access === 'read_write' ? 'read_write' : 'read',
    }));
  const params = uniform && { binding: uniform.binding, fields: fieldsOf(uniform.type.members) };
  return { bindings, params: params ?? null };
}

/** What the engine knows of a shader (`ShaderModule` in src/kernels/launch/shader.ts). Throws what wgsl_reflect throws. */
export function reflectSource(name, source) {
  const { entry } = new WgslReflect(readable(source));
  const entries = Object.fromEntries(entry.compute.map((one) => [one.name, entryOf(one)]));
  return { name, source: [source], entries };
}

/** Names and values of what a specialisation may set: `override`, `const` and `alias` lines. */
export function declarationsOf(source) {
  const lines = (pattern) =>
    Object.fromEntries([...source.matchAll(pattern)].map((m) => [m[1], m[2].trim()]));
  return {
    overrides: lines(/^override (\w+)[^=]*=\s*([^;]+);/gm),
    consts: lines(/^const (\w+)[^=]*=\s*([^;]+);/gm),
    aliases: lines(/^alias (\w+)\s*=\s*([^;]+);/gm),
  };
}

/** The shader as written, and as each `// @variant E = f16, TILE = 8` line in it says: what is set, as text. */
export function specializationsOf(source) {
  const declared = declarationsOf(source);
  const lines = [...source.matchAll(/^\/\/ @variant (.+)$/gm)];
  const pairs = lines.map(([, text]) => text.split(', ').map((pair) => pair.split(' = ')));
  const only = (variant, known) => Object.fromEntries(variant.filter(([name]) => name in known));
  return [[], ...pairs].map((variant) => ({
    aliases: only(variant, declared.aliases),
    consts: only(variant, declared.consts),
    overrides: only(variant, declared.overrides),
  }));
}
