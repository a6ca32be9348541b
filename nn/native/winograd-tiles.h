// Tiles of feature maps on their way into Winograd's domain and back.
#pragma once

#include "winograd-strided.h"

namespace cemiflow {

// A feature map [batch, height, width, channels]. It is cut into tiles, which are numbered through the batch.
template <class T>
struct Map {
  T* data;
  int64_t height, width, channels;
};

// A square of pixels whose first one may lie outside the map.
template <class T>
struct Square {
  T* first;  // the first pixel's channels from the wanted one on
  int64_t row, pixel;
  int top, bottom, left, right;  // which of its rows and columns lie inside: [top, bottom) and [left, right)
  int lanes;

  bool inside(int i, int j) const { return (i >= top) & (i < bottom) & (j >= left) & (j < right); }
};

// The square of `size` pixels that begins `margin` pixels above and left of a tile of `step` pixels.
template <class T>
inline Square<T> square_of(const Map<T>& map, int64_t tile, int size, int step, int margin) {
  const int64_t across = ceil_div(map.width, step), per_image = across * ceil_div(map.height, step);
  const int64_t image = tile / per_image, index = tile % per_image;
  const int64_t y = index / across * step - margin, x = index % across * step - margin;
  return {map.data + ((image * map.height + y) * map.width + x) * map.channels,
          map.width * map.channels,
          map.channels,
          static_cast<int>(larger(0, -y)),
          static_cast<int>(smaller(size, map.height - y)),
          static_cast<int>(larger(0, -x)),
          static_cast<int>(smaller(size, map.width - x)),
          static_cast<int>(smaller(kLanes, map.channels))};
}

// What a tile reads through `Line`.
template <class Line, class T>
inline Square<T> read_square(const Map<T>& map, int64_t tile) {
  return square_of(map, tile, Line::kIn, Line::kStep, Line::kMargin);
}

// What a tile writes through `Line`.
template <class Line, class T>
inline Square<T> written_square(const Map<T>& map, int64_t tile) {
  return square_of(map, tile, Line::kOut, Line::kOut, 0);
}

// The same square from channel `c` on.
template <class T>
inline Square<T> at_channel(Square<T> square, const Map<T>& map, int64_t c) {
  square.first += c;
  square.lanes = static_cast<int>(smaller(kLanes, map.channels - c));
  return square;
}

template <class T>
inline Floats load_lanes(const T* from, int lanes) {
  return lanes == kLanes ? load(from) : load_some(from, lanes);
}

template <class T>
inline void store_lanes(T* to, Floats from, int lanes) {
  if (lanes == kLanes) store(to, from);
  else store_some(to, from, lanes);
}

// Transforms a square of pixels and writes its values, each to `to(i, j)`; pixels outside the map are zero.
template <class Line, class T, class To>
inline void transform_square(const Square<const T>& s, const To& to) {
  const auto put = [&](int i, int j, Floats value) { store(to(i, j), value); };
  const bool whole = s.top == 0 && s.left == 0 && s.bottom == Line::kIn && s.right == Line::kIn;
  if (whole && s.lanes == kLanes) {
    // The next tile of the row, whose first columns are in this one.
#pragma GCC unroll 6
    for (int i = 0; i < Line::kIn; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < Line::kStep; j++) __builtin_prefetch(s.first + i * s.row + (j + Line::kIn) * s.pixel);
    }
    transform<Line>([&](int i, int j) { return load(s.first + i * s.row + j * s.pixel); }, put);
  } else {
    // What lies outside is read from here, which takes no branches. Not unrolled: a compiler that knows of the zeros computes
    // with them ahead, and rounds in other places than on the way above.
    static constexpr T zeros[kLanes] = {};
    Floats pixels[Line::kIn][Line::kIn];
#pragma GCC unroll 1
    for (int i = 0; i < Line::kIn; i++) {
#pragma GCC unroll 1
      for (int j = 0; j < Line::kIn; j++) {
        pixels[i][j] = load_lanes(s.inside(i, j) ? s.first + i * s.row + j * s.pixel : zeros, s.lanes);
      }
    }
    transform<Line>([&](int i, int j) { return pixels[i][j]; }, put);
  }
}

// Writes the outputs of the sums that lie at `from(i, j)`.
template <class Line, class T, class From>
inline void write_square(const Square<T>& s, const From& from) {
  // The next vector of channels, to be written next.
  for (int i = 0; i < s.bottom; i++) {
    for (int j = 0; j < s.right; j++) __builtin_prefetch(s.first + i * s.row + j * s.pixel + kLanes, 1);
  }
  Floats pixels[Line::kOut][Line::kOut];
  transform<Line>([&](int i, int j) { return load(from(i, j)); },
                  [&](int i, int j, Floats value) { pixels[i][j] = value; });
  for (int i = 0; i < s.bottom; i++) {
    for (int j = 0; j < s.right; j++) {
      store_lanes(s.first + i * s.row + j * s.pixel, pixels[i][j], s.lanes);
    }
  }
}

}  // namespace cemiflow
