// The sampler of draw.c as a Rust cdylib without crates: the structs it touches, written down from abi.h.
use std::ffi::{c_char, c_void};
use std::panic::catch_unwind;

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    p: *const c_char,
    n: usize,
}
#[repr(C)]
struct Value {
    kind: u32,
    n: u32,
    f: f64, // the union's widest members are 8 bytes
}
#[repr(C)]
struct NamedValue {
    name: Str,
    value: Value,
}
#[repr(C)]
struct Config {
    size: u32,
    reserved: u32,
    n: usize,
    items: *const NamedValue,
}
#[repr(C)]
struct Error {
    code: i32,
    reserved: u32,
    option: [u8; 56],
    message: [u8; 448],
}
#[repr(C)]
struct Param {
    name: Str,
    kind: u32,
    scale: u32,
    prior: u32,
    n_choices: u32,
    lo: f64,
    hi: f64,
    step: f64,
    dflt: f64,
    prior_a: f64,
    prior_b: f64,
    choices: *const c_void,
    weights: *const f64,
    cond_first: u32,
    cond_count: u32,
}
#[repr(C)]
struct Cond {
    group: u32,
    parent: u32,
    op: u32,
    reserved: u32,
    value: f64,
}
#[repr(C)]
struct Space {
    size: u32,
    param_stride: u32,
    n_params: u32,
    n_conds: u32,
    params: *const u8,
    conds: *const Cond,
    fingerprint: Str,
}
#[repr(C)]
struct SamplerArg {
    size: u32,
    n_objectives: u32,
    n_constraints: u32,
    parallel: u32,
    space: *const Space,
    seed: u64,
    trials_max: u64,
}
#[repr(C)]
struct Rows {
    size: u32,
    n_params: u32,
    n_rows: usize,
    trial_id: *const u64,
    x: *mut f64,
    active: *mut u8,
}
#[repr(C)]
struct Ask {
    size: u32,
    reserved: u32,
    out: *mut Rows,
    n_filled: *mut usize,
    pending: *const c_void,
    learnt: *const c_void,
}
#[repr(C)]
struct SamplerTable {
    size: u32,
    flags: u32,
    create: extern "C" fn(*const c_void, *const Config, *const SamplerArg, *mut *mut c_void, *mut Error) -> i32,
    destroy: extern "C" fn(*mut c_void),
    extension: extern "C" fn(*mut c_void, *const c_char) -> *const c_void,
    ask: extern "C" fn(*mut c_void, *const Ask, *mut Error) -> i32,
    tell: extern "C" fn(*mut c_void, *const c_void, *mut Error) -> i32,
}
#[repr(C)]
struct Opt {
    name: Str,
    help: Str,
    kind: u32,
    flags: u32,
    lo: f64,
    hi: f64,
    dflt: Value,
    choices: *const Str,
    n_choices: u32,
    reserved: u32,
}
#[repr(C)]
struct Component {
    size: u32,
    flags: u32,
    kind: Str,
    id: Str,
    alias: Str,
    version: Str,
    title: Str,
    n_options: u32,
    option_stride: u32,
    options: *const Opt,
    vt: *const SamplerTable,
}
#[repr(C)]
struct Plugin {
    size: u32,
    magic: u32,
    abi_minor: u32,
    abi_minor_min: u32,
    id: Str,
    version: Str,
    build: Str,
    n_components: usize,
    components: *const &'static Component,
    init: *const c_void,
}
// Static constant data without interior mutability.
unsafe impl Sync for SamplerTable {}
unsafe impl Sync for Opt {}
unsafe impl Sync for Component {}
unsafe impl Sync for Plugin {}

const INVALID: i32 = -1;
const INTERNAL: i32 = -7;

const fn text(s: &'static str) -> Str {
    Str { p: s.as_ptr() as *const c_char, n: s.len() }
}

struct Draw {
    space: *const Space,
    seed: u64,
    shrink: f64,
}

fn refuse(error: *mut Error, code: i32, option: &str, message: &str) -> i32 {
    if let Some(e) = unsafe { error.as_mut() } {
        e.code = code;
        e.option = [0; 56];
        e.message = [0; 448];
        e.option[..option.len()].copy_from_slice(option.as_bytes());
        e.message[..message.len()].copy_from_slice(message.as_bytes());
    }
    code
}

// No panic leaves a function.
fn guarded(error: *mut Error, body: impl FnOnce() -> i32 + std::panic::UnwindSafe) -> i32 {
    catch_unwind(body).unwrap_or_else(|_| refuse(error, INTERNAL, "", "a panic"))
}

// splitmix64 as a counter-based generator.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e3779b97f4a7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d049bb133111eb);
    x ^ (x >> 31)
}
fn uniform(seed: u64, trial: u64, stream: u64) -> f64 {
    (mix(mix(mix(seed) ^ trial) ^ stream) >> 11) as f64 / 9007199254740992.0
}

extern "C" fn create(_: *const c_void, config: *const Config, arg: *const SamplerArg, out: *mut *mut c_void, error: *mut Error) -> i32 {
    guarded(error, || unsafe {
        let Some(arg) = arg.as_ref().filter(|a| !a.space.is_null()) else {
            return refuse(error, INVALID, "", "nas_sampler_arg.space is missing");
        };
        let mut shrink = 1.0;
        if let Some(config) = config.as_ref() {
            for i in 0..config.n {
                let item = &*config.items.add(i);
                let name = std::slice::from_raw_parts(item.name.p as *const u8, item.name.n);
                if name == b"/shrink" && item.value.kind == 3 {
                    shrink = item.value.f;
                }
            }
        }
        if !(shrink > 0.0 && shrink <= 1.0) {
            return refuse(error, INVALID, "/shrink", "shrink has to be above 0 and at most 1");
        }
        *out = Box::into_raw(Box::new(Draw { space: arg.space, seed: arg.seed, shrink })) as *mut c_void;
        0
    })
}
extern "C" fn destroy(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance as *mut Draw) });
}
extern "C" fn extension(_: *mut c_void, _: *const c_char) -> *const c_void {
    std::ptr::null()
}

fn is_active(space: &Space, p: &Param, x: &[f64], active: &[u8]) -> bool {
    if p.cond_count == 0 {
        return true;
    }
    let conds = unsafe { std::slice::from_raw_parts(space.conds.add(p.cond_first as usize), p.cond_count as usize) };
    let holds = |c: &Cond| {
        let v = x[c.parent as usize];
        active[c.parent as usize] != 0
            && match c.op {
                0 => v == c.value,
                1 => v != c.value,
                2 => v < c.value,
                _ => v > c.value,
            }
    };
    let mut groups: Vec<u32> = conds.iter().map(|c| c.group).collect();
    groups.dedup();
    groups.iter().any(|g| conds.iter().filter(|c| c.group == *g).all(holds))
}

fn value_of(p: &Param, u: f64) -> f64 {
    let x = if p.kind >= 2 {
        (u * p.n_choices as f64).floor()
    } else if p.kind == 1 || p.step > 0.0 {
        let step = if p.step > 0.0 { p.step } else { 1.0 };
        p.lo + step * (u * (((p.hi - p.lo) / step + 1e-9).floor() + 1.0)).floor()
    } else if p.scale == 1 {
        (p.lo.ln() + u * (p.hi.ln() - p.lo.ln())).exp()
    } else {
        p.lo + u * (p.hi - p.lo)
    };
    x.clamp(p.lo, p.hi)
}

extern "C" fn ask(instance: *mut c_void, request: *const Ask, error: *mut Error) -> i32 {
    guarded(error, || unsafe {
        let draw = &*(instance as *const Draw);
        let space = &*draw.space;
        let rows = &mut *(*request).out;
        let width = rows.n_params as usize;
        for r in 0..rows.n_rows {
            let trial = *rows.trial_id.add(r);
            if width == 0 {
                continue;
            }
            let x = std::slice::from_raw_parts_mut(rows.x.add(r * width), width);
            let active = std::slice::from_raw_parts_mut(rows.active.add(r * width), width);
            for i in 0..width {
                let p = &*(space.params.add(i * space.param_stride as usize) as *const Param);
                active[i] = is_active(space, p, x, active) as u8;
                x[i] = if active[i] != 0 { value_of(p, draw.shrink * uniform(draw.seed, trial, i as u64)) } else { 0.0 };
            }
        }
        *(*request).n_filled = rows.n_rows;
        0
    })
}
extern "C" fn tell(_: *mut c_void, _: *const c_void, _: *mut Error) -> i32 {
    0
}

static TABLE: SamplerTable =
    SamplerTable { size: size_of::<SamplerTable>() as u32, flags: 0, create, destroy, extension, ask, tell };
static OPTIONS: [Opt; 1] = [Opt {
    name: text("shrink"),
    help: text("share of each range that is used, from its lower end"),
    kind: 2,
    flags: 0,
    lo: 0.0,
    hi: 1.0,
    dflt: Value { kind: 3, n: 0, f: 1.0 },
    choices: std::ptr::null(),
    n_choices: 0,
    reserved: 0,
}];
static COMPONENT: Component = Component {
    size: size_of::<Component>() as u32,
    flags: 0,
    kind: text("nascent.sampler/1"),
    id: text("org.nascent.test.draw_rust"),
    alias: text("draw_rust"),
    version: text("1.0.0"),
    title: text("uniform draws, in Rust"),
    n_options: 1,
    option_stride: size_of::<Opt>() as u32,
    options: OPTIONS.as_ptr(),
    vt: &TABLE,
};
static COMPONENTS: [&Component; 1] = [&COMPONENT];
static PLUGIN: Plugin = Plugin {
    size: size_of::<Plugin>() as u32,
    magic: 0x5341454e,
    abi_minor: 0,
    abi_minor_min: 0,
    id: text("org.nascent.test.draw_rust"),
    version: text("1.0.0"),
    build: text("rustc"),
    n_components: 1,
    components: COMPONENTS.as_ptr(),
    init: std::ptr::null(),
};

#[no_mangle]
extern "C" fn nascent_plugin_v1() -> &'static Plugin {
    &PLUGIN
}
