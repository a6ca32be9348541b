// 3x3 convolutions of padding 1, forward and for the input's gradient: of stride 1 by Winograd's F(4x4, 3x3) with a quarter
// of the multiplications, of stride 2 as winograd-strided.h says. Maps are float32 or bfloat16 (T), everything else is float32. Sums have an order that depends
// on the shape alone, so that results have the same bits on any number of threads, and with AVX2 as with AVX-512 (the
// compiler may contract products and sums, but not reorder them). The largest error is 2e-6 of the
// largest output, as that of oneDNN's direct convolution in float32.
#pragma once

#include "conv3x3-plan.h"

namespace cemiflow {

// Bytes of scratch memory, which must be aligned to 64.
inline int64_t conv3x3_scratch(const Conv3x3Shape& s, bool transposed, const Parallel& parallel) {
  const Conv3x3Plan p = s.stride == 1 ? conv3x3_plan<Stride1>(s, transposed) : conv3x3_plan<Stride2>(s, transposed);
  return Workers::bytes(parallel, p.worker_floats()) + 4 * p.shared_floats();
}

template <class T, class Scheme>
struct Conv3x3Call {
  Conv3x3Shape shape;
  bool transposed;
  Conv3x3Plan plan;
  Map<const T> x;
  const float* w;
  Map<T> y;
};

// V of a tile, in place `slot` of the block.
template <class T, class Scheme>
inline void transform_input(const Conv3x3Call<T, Scheme>& call, int64_t tile, float* v, int64_t slot) {
  const Conv3x3Plan& p = call.plan;
  const auto square = read_square<typename Scheme::In>(call.x, tile);
  const int64_t stride = p.v_stride();
  for (int64_t chunk = 0; chunk < p.chunks; chunk++) {
    const int64_t row = chunk * p.block + slot;
    transform_square<typename Scheme::In>(at_channel(square, call.x, chunk * kLanes), [&](int i, int j) {
      return v + Scheme::Grid::place(i, j, stride, row, kLanes);
    });
  }
}

// M (+)= V U for `count` tiles and the chunks that U holds.
template <class Grid>
inline void multiply(const Conv3x3Plan& p, const float* v, const float* u, float* m, int64_t count, int64_t panel,
                     int64_t chunk) {
  const int64_t chunks = smaller(p.depth_chunks, p.chunks - chunk);
  for (int matrix = 0; matrix < Grid::kMatrices; matrix++) {
    const int64_t plane = Grid::plane(matrix), copies = Grid::copies(matrix), run = p.block * copies * kLanes;
    const Left left{v + plane * p.v_stride() + chunk * run, run, chunks};
    product<kLanes, kLanes>(count * copies, vectors_of(p.out, panel), left, u + matrix * p.u_stride(),
                            m + plane * p.m_stride(), chunk > 0);
  }
}

// A panel of y from M.
template <class T, class Scheme>
inline void write_panel(const Conv3x3Call<T, Scheme>& call, int64_t first, int64_t count, int64_t panel, const float* m) {
  const Conv3x3Plan& p = call.plan;
  const int64_t stride = p.m_stride();
  for (int64_t tile = 0; tile < count; tile++) {
    const auto square = written_square<typename Scheme::Out>(call.y, first + tile);
    for (int64_t n = panel * kPanel; n < smaller(p.out, (panel + 1) * kPanel); n += kLanes) {
      write_square<typename Scheme::Out>(at_channel(square, call.y, n), [&](int i, int j) {
        return m + n % kPanel + Scheme::Grid::place(i, j, stride, tile, kPanel);
      });
    }
  }
}

template <class T, class Scheme>
inline void convolve_by_blocks(const Conv3x3Call<T, Scheme>& call, Workers& workers) {
  const Conv3x3Plan& p = call.plan;
  float* u = workers.end();
  workers.run(p.panels * p.chunks, [&](int64_t task, float*) {
    const int64_t panel = task / p.chunks, chunk = task % p.chunks;
    transform_weights<typename Scheme::Weight>(call.w, call.shape, call.transposed, p, panel, chunk,
                                               u + panel * p.u_floats() + chunk * kLanes * kPanel);
  });
  workers.run(ceil_div(p.tiles, p.block), [&](int64_t task, float* v) {
    const int64_t first = task * p.block, count = smaller(p.block, p.tiles - first);
    float* m = v + p.v_floats();
    for (int64_t tile = 0; tile < count; tile++) transform_input(call, first + tile, v, tile);
    for (int64_t panel = 0; panel < p.panels; panel++) {
      multiply<typename Scheme::Grid>(p, v, u + panel * p.u_floats(), m, count, panel, 0);
      write_panel(call, first, count, panel, m);
    }
  });
}

template <class T, class Scheme>
inline void convolve_by_panels(const Conv3x3Call<T, Scheme>& call, Workers& workers) {
  const Conv3x3Plan& p = call.plan;
  float* v = workers.end();
  workers.run(p.tiles, [&](int64_t tile, float*) { transform_input(call, tile, v, tile); });
  workers.run(p.panels, [&](int64_t panel, float* u) {
    float* m = u + p.u_floats();
    for (int64_t first = 0; first < p.chunks; first += p.depth_chunks) {
      for (int64_t chunk = first; chunk < smaller(p.chunks, first + p.depth_chunks); chunk++) {
        transform_weights<typename Scheme::Weight>(call.w, call.shape, call.transposed, p, panel, chunk,
                                                   u + (chunk - first) * kLanes * kPanel);
      }
      multiply<typename Scheme::Grid>(p, v, u, m, p.tiles, panel, first);
    }
    write_panel(call, 0, p.tiles, panel, m);
  });
}

template <class T, class Scheme>
void convolve(const Map<const T>& x, const float* w, const Map<T>& y, const Conv3x3Shape& s, bool transposed,
              void* scratch, const Parallel& parallel) {
  const Conv3x3Plan p = conv3x3_plan<Scheme>(s, transposed);
  Workers workers(parallel, scratch, p.worker_floats());
  const Conv3x3Call<T, Scheme> call{s, transposed, p, x, w, y};
  if (p.by_panel) convolve_by_panels(call, workers);
  else convolve_by_blocks(call, workers);
}

// y = x * w, or with `transposed` the input's gradient: x is then dy [batch, height / stride, width / stride, out] and y is
// dx. `scratch` has the bytes that conv3x3_scratch states.
template <class T>
void conv3x3(const T* x, const float* w, T* y, const Conv3x3Shape& s, bool transposed, void* scratch,
             const Parallel& parallel) {
  const int64_t down = s.height / s.stride, across = s.width / s.stride;
  const auto run = transposed && s.stride == 2 ? convolve<T, Stride2InputGradient>
                   : s.stride == 2             ? convolve<T, Stride2>
                                               : convolve<T, Stride1>;
  if (transposed) run({x, down, across, s.out}, w, {y, s.height, s.width, s.in}, s, transposed, scratch, parallel);
  else run({x, s.height, s.width, s.in}, w, {y, down, across, s.out}, s, transposed, scratch, parallel);
}

}  // namespace cemiflow
