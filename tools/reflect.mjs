/** @file Reflects one shader's text: entry points, bindings with access, parameter offsets, what can be specialised. */
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

/** What the engine knows of a shader (`ShaderModule` in src/kernels/launch/shader.ts). Throws what wgsl_reflect throws. */
export function reflectSource(name, source) {
  const reflection = new WgslReflect(readable(source));
  const entries = {};
  for (const entry of reflection.entry.compute) {
    const used = entry.resources.filter((r) => r.resourceType === 0 || r.resourceType === 1);
    const uniform = used.find((r) => r.resourceType === 0);
    entries[entry.name] = {
      bindings: used
        .filter((r) => r.resourceType === 1)
        .sort((a, b) => a.binding - b.binding)
        .map((r) => ({
          name: r.name,
          binding: r.binding,
          access: r.access === 'read_write' ? 'read_write' : 'read',
        })),
      params: uniform
        ? {
            binding: uniform.binding,
            size: uniform.size,
            fields: Object.fromEntries(
              uniform.type.members.map((m) => [m.name, { offset: m.offset, type: fieldType(m.type) }]),
            ),
          }
        : null,
    };
  }
  const lines = (pattern) =>
    Object.fromEntries([...source.matchAll(pattern)].map((m) => [m[1], m[2].trim()]));
  return {
    name,
    source,
    entries,
    overrides: lines(/^override (\w+)[^=]*=\s*([^;]+);/gm),
    consts: lines(/^const (\w+)[^=]*=\s*([^;]+);/gm),
    aliases: lines(/^alias (\w+)\s*=\s*([^;]+);/gm),
  };
}
