#include "client-sdk/extract/html_tree.h"

#include <setjmp.h>
#include <time.h>

#include <algorithm>
#include <new>

namespace cloister::extract {
namespace {

constexpr size_t kChunkBytes = size_t{256} << 10;
constexpr size_t kAlignment = alignof(std::max_align_t);
constexpr uint32_t kAllocationsBetweenLooks = 64;

std::chrono::nanoseconds ThreadCpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

// Hands out memory and never takes any back before its end. When a limit is reached it leaves the
// parser by longjmp: Gumbo is C, has nothing to unwind, and cannot be stopped in another way.
class HtmlTree::Memory {
 public:
  explicit Memory(const HtmlLimits& limits)
      : bytes_left_(limits.max_tree_bytes), cpu_end_(ThreadCpu() + limits.max_cpu) {}

  static void* Allocate(void* memory, size_t size) {
    return static_cast<Memory*>(memory)->Take(size);
  }
  static void Release(void* /*memory*/, void* /*pointer*/) {}

  jmp_buf& give_up() { return give_up_; }

 private:
  void* Take(size_t size) {
    const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
    if (++allocations_ % kAllocationsBetweenLooks == 0 && ThreadCpu() > cpu_end_) GiveUp();
    if (rounded < size || (rounded > chunk_left_ && !NewChunk(rounded))) GiveUp();
    void* taken = next_;
    next_ += rounded;
    chunk_left_ -= rounded;
    return taken;
  }

  // False if there is none. All that it made is gone when GiveUp() jumps: a jump unwinds nothing.
  bool NewChunk(size_t at_least) {
    const size_t size = std::max(at_least, kChunkBytes);
    if (size > bytes_left_) return false;
    try {
      chunks_.push_back(std::unique_ptr<char[]>(new char[size]));
    } catch (const std::bad_alloc&) {
      return false;
    }
    bytes_left_ -= size;
    next_ = chunks_.back().get();
    chunk_left_ = size;
    return true;
  }

  [[noreturn]] void GiveUp() { longjmp(give_up_, 1); }

  jmp_buf give_up_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t chunk_left_ = 0;
  size_t bytes_left_;
  uint32_t allocations_ = 0;
  std::chrono::nanoseconds cpu_end_;
};

HtmlTree::HtmlTree() = default;
HtmlTree::~HtmlTree() = default;

std::unique_ptr<HtmlTree> HtmlTree::Parse(std::string_view html, HtmlLimits* limits) {
  if (limits->max_cpu <= std::chrono::nanoseconds(0)) return nullptr;
  std::unique_ptr<HtmlTree> tree(new HtmlTree());
  tree->memory_ = std::make_unique<Memory>(*limits);
  const std::chrono::nanoseconds begin = ThreadCpu();
  const auto take_off = [begin, limits] { limits->max_cpu -= ThreadCpu() - begin; };
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = Memory::Allocate;
  options.deallocator = Memory::Release;
  options.userdata = tree->memory_.get();
  options.max_errors = 0;  // keeping them takes quadratic memory
  // Nothing that is changed after setjmp is read after longjmp; `tree` was made before.
  if (setjmp(tree->memory_->give_up()) != 0) {
    take_off();
    return nullptr;
  }
  tree->output_ = gumbo_parse_with_options(&options, html.data(), html.size());
  take_off();
  return tree;
}

}  // namespace cloister::extract
