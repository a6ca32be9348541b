// Vectors of floats by GCC's and Clang's extensions, so that one source serves AVX-512, AVX2, SSE2 and NEON.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#if defined(__AVX512VL__) && defined(__AVX512BW__)
#include <immintrin.h>
#endif

namespace cemiflow {

// Bits of a bfloat16, rounded to nearest even.
struct bf16 {
  uint16_t bits;
};

// Floats in a vector, and rows of a product's tile: two vectors a row fill the registers but for three or four.
#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kMaxRows = 14;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
constexpr int kMaxRows = 6;
#elif defined(__aarch64__)
constexpr int kLanes = 4;
constexpr int kMaxRows = 12;
#else
constexpr int kLanes = 4;
constexpr int kMaxRows = 6;
#endif

typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef uint32_t Words __attribute__((vector_size(kLanes * 4)));
typedef uint16_t Halves __attribute__((vector_size(kLanes * 2)));

template <class To, class From>
inline To bits_as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

inline Floats load(const float* from) {
  Floats to;
  std::memcpy(&to, from, sizeof to);
  return to;
}

inline Floats load(const bf16* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  return bits_as<Floats>(__builtin_convertvector(halves, Words) << 16);
}

inline void store(float* to, Floats from) { std::memcpy(to, &from, sizeof from); }

inline void store(bf16* to, Floats from) {
  const Words bits = bits_as<Words>(from);
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // Rounding could carry a NaN's mantissa into the sign; a quiet NaN stays one.
  const Words words = from == from ? rounded : ((bits >> 16) | 0x40);
  const Halves halves = __builtin_convertvector(words, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

// The first `count` lanes; the others are zero, and memory behind them is not read.
#if defined(__AVX512VL__) && defined(__AVX512BW__)
inline Floats load_some(const float* from, int count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
}

inline Floats load_some(const bf16* from, int count) {
  const __m256i halves = _mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << count) - 1), from);
  return bits_as<Floats>(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

inline void store_some(float* to, Floats from, int count) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), from);
}

inline void store_some(bf16* to, Floats from, int count) {
  bf16 some[kLanes];
  store(some, from);
  std::memcpy(to, some, sizeof(bf16) * count);
}
#else
template <class T>
inline Floats load_some(const T* from, int count) {
  T some[kLanes] = {};
  std::memcpy(some, from, sizeof(T) * count);
  return load(some);
}

template <class T>
inline void store_some(T* to, Floats from, int count) {
  T some[kLanes];
  store(some, from);
  std::memcpy(to, some, sizeof(T) * count);
}
#endif

// Calls `body(column, vectors)` for each part of a row of `width` floats, a multiple of 16: a constant number of vectors
// from that column on, so that their sums stay in registers.
template <class Body>
inline void columns(int64_t width, Body body) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= width; c += 4 * kLanes) body(c, std::integral_constant<int, 4>{});
  for (; c + 2 * kLanes <= width; c += 2 * kLanes) body(c, std::integral_constant<int, 2>{});
  for (; c < width; c += kLanes) body(c, std::integral_constant<int, 1>{});
}

// Lanes of a or b: where the bit kStep of the lane's number is not set, those of a, and otherwise b's from kStep lanes
// further left; or with `kRight` the others, a's from kStep lanes further right and b's.
template <int kStep, bool kRight, int... kLane>
inline Floats interleave(Floats a, Floats b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(
      a, b, (kLane & kStep ? kLanes + kLane - (kRight ? 0 : kStep) : kLane + (kRight ? kStep : 0))...);
}

// One step of a transpose: swaps the blocks of kStep columns right of the diagonal with those left of it.
template <int kStep>
inline void swap_blocks(Floats* rows) {
  constexpr auto lanes = std::make_integer_sequence<int, kLanes>{};
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; i++) {
    if (i & kStep) continue;
    const Floats a = rows[i], b = rows[i + kStep];
    rows[i] = interleave<kStep, false>(a, b, lanes);
    rows[i + kStep] = interleave<kStep, true>(a, b, lanes);
  }
}

// Transposes a square of kLanes vectors.
inline void transpose(Floats* rows) {
  swap_blocks<1>(rows);
  swap_blocks<2>(rows);
  if constexpr (kLanes > 4) swap_blocks<4>(rows);
  if constexpr (kLanes > 8) swap_blocks<8>(rows);
}

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Rounds up to an odd number of cache lines, so that columns of a matrix with such rows lie in different cache sets.
inline int64_t odd_lines(int64_t floats) { return (ceil_div(floats, 16) | 1) * 16; }

}  // namespace cemiflow
