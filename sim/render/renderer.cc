#include "sim/render/renderer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "sim/render/solids.h"

namespace reelgraph::sim {
namespace {

constexpr int kShift = 4;  ///< bits of a pixel's fraction that polygons are drawn with
constexpr int kNoisePad = 64;

cv::Scalar scalar(const Rgb& colour) { return {colour[0], colour[1], colour[2]}; }

std::vector<cv::Point> fixed_point(const std::vector<Pixel>& corners) {
  std::vector<cv::Point> points;
  points.reserve(corners.size());
  for (const Pixel& corner : corners) {
    const auto at = [](double x) { return static_cast<int>(std::lround(std::clamp(x, -4000.0, 8000.0) * (1 << kShift))); };
    points.emplace_back(at(corner.x), at(corner.y));
  }
  return points;
}

void fill(cv::Mat& picture, const std::vector<Pixel>& corners, const cv::Scalar& colour, int line = cv::LINE_AA) {
  const std::vector<cv::Point> points = fixed_point(corners);
  if (points.size() >= 3) cv::fillConvexPoly(picture, points.data(), static_cast<int>(points.size()), colour, line, kShift);
}

/// Smooth noise of deviation about 1: random values on a coarse grid, drawn out.
cv::Mat clouds(cv::RNG& rng, cv::Size size, int cells) {
  cv::Mat coarse(std::max(2, cells * size.height / size.width), cells, CV_32F), fine;
  rng.fill(coarse, cv::RNG::NORMAL, 0, 1);
  cv::resize(coarse, fine, size, 0, 0, cv::INTER_CUBIC);
  return fine;
}

double area_of(const base::Box& box) { return (box.x1 - box.x0) * (box.y1 - box.y0); }

}  // namespace

class Renderer::Parts {
 public:
  Parts(const Floor& floor, const Look& look, base::Size size)
      : look_(look), size_(size.width, size.height), camera_(floor, look.camera, size), rng_(look.seed | 1U) {
    picture_.width = size.width;
    picture_.height = size.height;
    picture_.pixels.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3);
    light_ = light();
    background_ = paint_floor(floor);
    noise_.create(size_.height + kNoisePad, (size_.width + kNoisePad) * 3, CV_16S);
    cv::Mat level(size_.height + kNoisePad, (size_.width + kNoisePad) * 3, CV_32F);
    rng_.fill(level, cv::RNG::NORMAL, 0, look.noise);
    level.convertTo(noise_, CV_16S);
    if (look.beams > 0) draw_beams();
  }

  const base::Image& draw(const Snapshot& snapshot) {
    cv::Mat canvas = background_.clone();
    if (look_.shadow > 0 && !snapshot.things.empty()) draw_shadows(canvas, snapshot.things);
    for (const std::size_t i : far_first(snapshot.things)) {
      const Thing& thing = snapshot.things[i];
      const double light = light_at(thing.at);
      for (const Face& face : faces_of(thing, camera_)) {
        fill(canvas, face.corners,
             {face.colour[0] * light * look_.light[0], face.colour[1] * light * look_.light[1], face.colour[2] * light * look_.light[2]});
      }
      if (thing.number > 0) {
        const Pixel at = camera_.project({thing.at.x, thing.at.y, 1.3});
        cv::putText(canvas, std::to_string(thing.number), {static_cast<int>(at.x) - 5, static_cast<int>(at.y) + 4},
                    cv::FONT_HERSHEY_SIMPLEX, 0.35, {250, 250, 250}, 1, cv::LINE_AA);
      }
    }
    for (const std::vector<Pixel>& beam : beams_) fill(canvas, beam, scalar({30, 30, 34}));
    const double blur = look_.blur * size_.width / 640;
    if (blur > 0.3) cv::GaussianBlur(canvas, canvas, {0, 0}, blur);
    expose(canvas);
    cv::Mat out(size_, CV_8UC3, picture_.pixels.data());
    draw_text(out, snapshot);
    return picture_;
  }

  [[nodiscard]] std::vector<Visible> visible(const std::vector<Thing>& things) const {
    cv::Mat owner(size_, CV_8U, cv::Scalar(0)), loads(size_, CV_8U, cv::Scalar(0)), alone(size_, CV_8U);
    const auto pixels = [&](const std::vector<Face>& faces) -> double {  // as if nothing hid them and the picture went on
      const double inside = faces.empty() ? 0 : area_of(box_of(faces, true)) / std::max(1e-9, area_of(box_of(faces, false)));
      if (inside <= 0) return 0;
      alone.setTo(0);
      for (const Face& face : faces) fill(alone, face.corners, 255, cv::LINE_8);
      return cv::countNonZero(alone) / inside;
    };
    std::vector<Visible> whole(things.size());
    for (const std::size_t i : far_first(things)) {
      const std::vector<Face> faces = faces_of(things[i], camera_);
      std::vector<Face> load;
      std::copy_if(faces.begin(), faces.end(), std::back_inserter(load), [](const Face& face) { return face.of_load; });
      whole[i] = {pixels(faces), pixels(load)};
      for (const Face& face : faces) {
        fill(owner, face.corners, static_cast<double>(i + 1), cv::LINE_8);
        fill(loads, face.corners, face.of_load ? 255 : 0, cv::LINE_8);
      }
    }
    for (const std::vector<Pixel>& beam : beams_) fill(owner, beam, 0, cv::LINE_8);
    const auto share = [](const cv::Mat& seen, double all) { return all > 0 ? std::min(1.0, cv::countNonZero(seen) / all) : 0; };
    std::vector<Visible> shares(things.size());
    for (std::size_t i = 0; i < things.size(); ++i) {
      const cv::Mat own = owner == static_cast<double>(i + 1);
      shares[i] = {share(own, whole[i].thing), share(own & loads, whole[i].load)};
    }
    return shares;
  }

  [[nodiscard]] base::Box box_of(const std::vector<Face>& faces, bool cut) const {
    base::Box box{1e9, 1e9, -1e9, -1e9};
    for (const Face& face : faces) {
      for (const Pixel& corner : face.corners) {
        box = {std::min(box.x0, corner.x), std::min(box.y0, corner.y), std::max(box.x1, corner.x), std::max(box.y1, corner.y)};
      }
    }
    const auto share = [cut](double x, int whole) { return cut ? std::clamp(x / whole, 0.0, 1.0) : x / whole; };
    return {share(box.x0, size_.width), share(box.y0, size_.height), share(box.x1, size_.width), share(box.y1, size_.height)};
  }

  [[nodiscard]] base::Box box_of(const Thing& thing) const { return box_of(faces_of(thing, camera_), true); }

  [[nodiscard]] std::pair<double, double> place_of(Point point) const {
    const Pixel at = camera_.project({point.x, point.y, 0});
    return {at.x / size_.width, at.y / size_.height};
  }

 private:
  [[nodiscard]] std::vector<std::size_t> far_first(const std::vector<Thing>& things) const {
    std::vector<std::size_t> order(things.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto depth = [&](std::size_t i) { return camera_.depth_of({things[i].at.x, things[i].at.y, 0}); };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return depth(a) > depth(b); });
    return order;
  }

  /// float32 [H, W]: factor of the light at each pixel.
  [[nodiscard]] cv::Mat light() {
    cv::Mat map(size_, CV_32F);
    const double c = std::cos(look_.light_angle), s = std::sin(look_.light_angle);
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        const double along = ((x - size_.width / 2.0) * c + (y - size_.height / 2.0) * s) / (0.56 * size_.width);  // -1..1
        map.at<float>(y, x) = static_cast<float>(look_.gain * (1 - look_.falloff * (0.5 + 0.5 * along)));
      }
    }
    for (int i = 0; i < look_.lamps; ++i) {
      const double cx = rng_.uniform(0.1, 0.9) * size_.width, cy = rng_.uniform(0.1, 0.9) * size_.height;
      const double radius = rng_.uniform(0.12, 0.3) * size_.width, strength = rng_.uniform(0.08, 0.25);
      for (int y = 0; y < size_.height; ++y) {
        for (int x = 0; x < size_.width; ++x) {
          const double d2 = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (radius * radius);
          map.at<float>(y, x) *= static_cast<float>(1 + strength * std::exp(-d2));
        }
      }
    }
    return map;
  }

  [[nodiscard]] double light_at(Point point) const {
    const Pixel at = camera_.project({point.x, point.y, 0});
    return light_.at<float>(std::clamp(static_cast<int>(at.y), 0, size_.height - 1),
                            std::clamp(static_cast<int>(at.x), 0, size_.width - 1));
  }

  [[nodiscard]] std::vector<Pixel> on_floor(const std::vector<Point>& polygon) const {
    std::vector<Pixel> corners;
    for (const Point& p : polygon) corners.push_back(camera_.project({p.x, p.y, 0}));
    return corners;
  }

  void line(cv::Mat& canvas, Point a, Point b, double metres, const Rgb& colour) const {
    const double length = std::max(1e-6, std::hypot(b.x - a.x, b.y - a.y));
    const double nx = -(b.y - a.y) / length * metres / 2, ny = (b.x - a.x) / length * metres / 2;
    fill(canvas, on_floor({{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}}), scalar(colour));
  }

  void outline(cv::Mat& canvas, const std::vector<Point>& polygon, double metres, const Rgb& colour) const {
    for (std::size_t i = 0; i < polygon.size(); ++i) line(canvas, polygon[i], polygon[(i + 1) % polygon.size()], metres, colour);
  }

  void circle(cv::Mat& canvas, Point middle, double radius, double metres, const Rgb& colour) const {
    constexpr int kParts = 40;
    std::vector<Point> ring;
    for (int i = 0; i < kParts; ++i)
      ring.push_back({middle.x + radius * std::cos(2 * CV_PI * i / kParts), middle.y + radius * std::sin(2 * CV_PI * i / kParts)});
    outline(canvas, ring, metres, colour);
  }

  /// uint8 RGB [H, W], lit.
  [[nodiscard]] cv::Mat paint_floor(const Floor& floor) {
    cv::Mat canvas(size_, CV_8UC3, scalar(look_.outside));
    const double w = floor.width, d = floor.depth;
    fill(canvas, on_floor({{0, 0}, {w, 0}, {w, d}, {0, d}}), scalar(look_.floor));
    const auto mixed = [&](const Rgb& with, double share) {
      return Rgb{look_.floor[0] + (with[0] - look_.floor[0]) * share, look_.floor[1] + (with[1] - look_.floor[1]) * share,
                 look_.floor[2] + (with[2] - look_.floor[2]) * share};
    };
    if (look_.grass) {
      const int stripes = 10;
      for (int i = 0; i < stripes; i += 2) {
        fill(canvas, on_floor({{w * i / stripes, 0}, {w * (i + 1) / stripes, 0}, {w * (i + 1) / stripes, d}, {w * i / stripes, d}}),
             scalar(mixed({255, 255, 255}, look_.tint)));
      }
    }
    if (look_.tiles > 0 && !look_.grass) {
      for (double x = look_.tiles; x < w; x += look_.tiles) line(canvas, {x, 0}, {x, d}, 0.04, mixed({40, 40, 40}, 0.35));
      for (double y = look_.tiles; y < d; y += look_.tiles) line(canvas, {0, y}, {w, y}, 0.04, mixed({40, 40, 40}, 0.35));
    }
    if (look_.grass) {
      outline(canvas, {{0.5, 0.5}, {w - 0.5, 0.5}, {w - 0.5, d - 0.5}, {0.5, d - 0.5}}, 0.12, look_.paint);
      line(canvas, {w / 2, 0.5}, {w / 2, d - 0.5}, 0.12, look_.paint);
      circle(canvas, {w / 2, d / 2}, std::min(w, d) * 0.14, 0.12, look_.paint);
    }
    for (const Zone& zone : floor.zones) paint_zone(canvas, zone, mixed);
    for (int i = 0; i < look_.stains; ++i) paint_stain(canvas, floor);
    // Texture, then light.
    cv::Mat shade = clouds(rng_, size_, 12) + 0.7 * clouds(rng_, size_, 60);
    cv::Mat lit;
    canvas.convertTo(lit, CV_32FC3);
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        auto& pixel = lit.at<cv::Vec3f>(y, x);
        const float texture = static_cast<float>(look_.texture * 0.6) * shade.at<float>(y, x);
        for (int c = 0; c < 3; ++c)
          pixel[c] = (pixel[c] + texture) * light_.at<float>(y, x) * static_cast<float>(look_.light[static_cast<std::size_t>(c)]);
      }
    }
    cv::Mat done;
    lit.convertTo(done, CV_8UC3);
    return done;
  }

  template <class Mixed>
  void paint_zone(cv::Mat& canvas, const Zone& zone, const Mixed& mixed) {
    if (look_.grass) {
      outline(canvas, zone.polygon, 0.12, look_.paint);
      return;
    }
    const Rgb& tint = zone.kind == "dock"      ? look_.dock
                      : zone.kind == "staging" ? look_.staging
                      : zone.kind == "packing" ? look_.packing
                                               : look_.storage;
    fill(canvas, on_floor(zone.polygon), scalar(mixed(tint, look_.tint)));
    outline(canvas, zone.polygon, 0.1, look_.paint);
    if (zone.kind == "dock" && zone.polygon.size() == 4) {  // hatched: the door's side
      const Point a = zone.polygon[0], c = zone.polygon[2];
      for (double share = 0.1; share < 1; share += 0.16) {
        const double x = a.x + (c.x - a.x) * share;
        line(canvas, {x, a.y}, {x + 0.25, a.y + (c.y > a.y ? 0.35 : -0.35)}, 0.08, look_.paint);
      }
    }
    if (zone.kind == "storage" && zone.polygon.size() == 4) {  // bays
      const Point a = zone.polygon[0], c = zone.polygon[2];
      for (double share = 0.25; share < 1; share += 0.25)
        line(canvas, {a.x + (c.x - a.x) * share, a.y}, {a.x + (c.x - a.x) * share, c.y}, 0.06, look_.paint);
    }
  }

  void paint_stain(cv::Mat& canvas, const Floor& floor) {
    const Point middle{rng_.uniform(0.0, floor.width), rng_.uniform(0.0, floor.depth)};
    const double length = rng_.uniform(0.2, 1.2), width = rng_.uniform(0.2, 0.8), turn = rng_.uniform(0.0, CV_PI);
    const int corners = rng_.uniform(0, 2) == 0 ? 4 : 24;
    std::vector<Point> outline;
    for (int i = 0; i < corners; ++i) {
      const double angle = CV_PI / 4 + 2 * CV_PI * i / corners, x = length * std::cos(angle), y = width * std::sin(angle);
      outline.push_back({middle.x + x * std::cos(turn) - y * std::sin(turn), middle.y + x * std::sin(turn) + y * std::cos(turn)});
    }
    const double share = rng_.uniform(0.1, 0.9);
    Rgb colour;
    for (std::size_t c = 0; c < colour.size(); ++c) colour[c] = look_.floor[c] + (rng_.uniform(20.0, 240.0) - look_.floor[c]) * share;
    fill(canvas, on_floor(outline), scalar(colour));
  }

  void draw_beams() {
    for (int i = 0; i < look_.beams; ++i) {
      const double w = size_.width, h = size_.height, thick = rng_.uniform(0.006, 0.016) * w;
      if (rng_.uniform(0, 2) == 0) {
        const double x = rng_.uniform(0.1, 0.9) * w, lean = rng_.uniform(-0.1, 0.1) * w;
        beams_.push_back({{x, 0}, {x + thick, 0}, {x + thick + lean, h}, {x + lean, h}});
      } else {
        const double y = rng_.uniform(0.05, 0.5) * h, lean = rng_.uniform(-0.1, 0.1) * h;
        beams_.push_back({{0, y}, {0, y + thick}, {w, y + thick + lean}, {w, y + lean}});
      }
    }
  }

  void draw_shadows(cv::Mat& canvas, const std::vector<Thing>& things) const {
    const double dark = 1 - look_.shadow;
    for (const Thing& thing : things) {
      for (const std::vector<Pixel>& shadow : shadows_of(thing, camera_, look_.light_angle)) {
        double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
        for (const Pixel& p : shadow) x0 = std::min(x0, p.x), y0 = std::min(y0, p.y), x1 = std::max(x1, p.x), y1 = std::max(y1, p.y);
        const cv::Rect around = cv::Rect(cv::Point(static_cast<int>(std::floor(x0)) - 3, static_cast<int>(std::floor(y0)) - 3),
                                         cv::Point(static_cast<int>(std::ceil(x1)) + 4, static_cast<int>(std::ceil(y1)) + 4)) &
                                cv::Rect({0, 0}, size_);
        if (around.empty()) continue;
        cv::Mat mask(around.size(), CV_8U, cv::Scalar(255));
        std::vector<Pixel> moved = shadow;
        for (Pixel& p : moved) p = {p.x - around.x, p.y - around.y};
        fill(mask, moved, 255 * dark);
        cv::blur(mask, mask, {5, 5});
        cv::Mat part = canvas(around), three;
        cv::cvtColor(mask, three, cv::COLOR_GRAY2RGB);
        cv::multiply(part, three, part, 1.0 / 255);
      }
    }
  }

  /// Flicker and noise, into the picture that is handed out.
  void expose(const cv::Mat& canvas) {
    const auto gain = static_cast<std::uint16_t>(256 * (1 + rng_.gaussian(1) * look_.flicker));
    const int dx = rng_.uniform(0, kNoisePad), dy = rng_.uniform(0, kNoisePad);
    const int count = size_.width * 3;  // a copy: bytes written to the picture might be the member's, as far as a compiler knows
    for (int y = 0; y < size_.height; ++y) {
      const std::uint8_t* from = canvas.ptr<std::uint8_t>(y);
      const std::int16_t* noise = noise_.ptr<std::int16_t>(y + dy) + static_cast<std::ptrdiff_t>(3) * dx;
      std::uint8_t* to = picture_.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size_.width) * 3;
      // In 16 bits, so that compilers make eight or more at once of it; the high half of a product of 16 bits is one instruction.
      for (int x = 0; x < count; ++x) {
        const auto wide = static_cast<std::uint16_t>(from[x] << 8);
        const auto lit = static_cast<std::int16_t>((std::uint32_t{wide} * gain) >> 16U);
        const auto sum = static_cast<std::int16_t>(lit + noise[x]);
        to[x] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(sum, 0, 255));
      }
    }
  }

  void draw_text(cv::Mat& out, const Snapshot& snapshot) const {
    const double scale = size_.width / 640.0;
    const auto put = [&](const std::string& text, int x) {
      if (text.empty()) return;
      const cv::Size box = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, 0.6 * scale, 1, nullptr);
      const cv::Point at(static_cast<int>(x * scale), static_cast<int>(12 * scale) + box.height);
      cv::rectangle(out, {at.x - 4, at.y - box.height - 5}, {at.x + box.width + 4, at.y + 5}, {20, 20, 24}, cv::FILLED);
      cv::putText(out, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.6 * scale, {245, 245, 245}, 1, cv::LINE_AA);
    };
    put(snapshot.clock, 12);
    put(snapshot.score, 120);
  }

  Look look_;
  cv::Size size_;
  Camera camera_;
  cv::RNG rng_;
  cv::Mat light_, background_, noise_;
  std::vector<std::vector<Pixel>> beams_;
  base::Image picture_;
};

Renderer::Renderer(const Floor& floor, const Look& look, base::Size size) : parts_(std::make_unique<Parts>(floor, look, size)) {}
Renderer::~Renderer() = default;
Renderer::Renderer(Renderer&&) noexcept = default;
Renderer& Renderer::operator=(Renderer&&) noexcept = default;

const base::Image& Renderer::draw(const Snapshot& snapshot) { return parts_->draw(snapshot); }
std::vector<Visible> Renderer::visible(const Snapshot& snapshot) const { return parts_->visible(snapshot.things); }
base::Box Renderer::box_of(const Thing& thing) const { return parts_->box_of(thing); }
std::pair<double, double> Renderer::place_of(Point point) const { return parts_->place_of(point); }

std::vector<std::pair<double, double>> Renderer::outline_of(const Zone& zone) const {
  std::vector<std::pair<double, double>> outline;
  for (const Point& corner : zone.polygon) {
    const auto [x, y] = parts_->place_of(corner);
    outline.emplace_back(std::clamp(x, 0.0, 1.0), std::clamp(y, 0.0, 1.0));
  }
  return outline;
}

}  // namespace reelgraph::sim
