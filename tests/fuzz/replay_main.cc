// Runs a fuzz target without a fuzzer: every file of a seed corpus, then random mutations of
// those, the same on every run.
//
//   fuzz_url CORPUS_DIRECTORY MUTATIONS

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxInput = 4096;
constexpr int kMostSteps = 6;

// Pieces that mean something to one reader or another.
const std::vector<std::string>& Tokens() {
  static const auto* const kTokens = new std::vector<std::string>{"%",
                                                                  "%25",
                                                                  "%2e",
                                                                  "%2F",
                                                                  "%00",
                                                                  "/",
                                                                  "//",
                                                                  "..",
                                                                  ".",
                                                                  "\\",
                                                                  "?",
                                                                  "#",
                                                                  "@",
                                                                  ":",
                                                                  ":80",
                                                                  "http://",
                                                                  "[",
                                                                  "]",
                                                                  "&",
                                                                  "=",
                                                                  "0x",
                                                                  "xn--",
                                                                  "\xe3\x80\x82",
                                                                  "\xc3\x9f",
                                                                  "\xff",
                                                                  "\xed\xa0\x80",
                                                                  "4294967295",
                                                                  std::string("\0", 1),
                                                                  std::string("\0\0\0\0", 4),
                                                                  "\xff\xff\xff\xff"};
  return *kTokens;
}

// The input under test, for the signal handler.
const std::string* current = nullptr;

// Writes the input that broke the target, with what is safe in a signal handler.
void ReportAndDie(int signal_number) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr char kHead[] = "\ninput in hexadecimal: ";
  ssize_t ignored = write(STDERR_FILENO, kHead, sizeof(kHead) - 1);
  for (size_t i = 0; current != nullptr && i < current->size(); ++i) {
    unsigned char byte = static_cast<unsigned char>((*current)[i]);
    char hex[2] = {kDigits[byte >> 4], kDigits[byte & 15]};
    ignored = write(STDERR_FILENO, hex, sizeof(hex));
  }
  ignored = write(STDERR_FILENO, "\n", 1);
  (void)ignored;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string Next() {
    std::string input = Pick(seeds_);
    for (size_t steps = 1 + Below(kMostSteps); steps > 0; --steps) Step(&input);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
  }

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }

  void Step(std::string* input) {
    size_t at = Below(input->size() + 1);
    size_t length = Below(std::min<size_t>(input->size() - at, 16) + 1);
    switch (Below(6)) {
      case 0:
        if (at < input->size()) (*input)[at] ^= static_cast<char>(1 << Below(8));
        break;
      case 1:
        if (at < input->size()) (*input)[at] = static_cast<char>(random_());
        break;
      case 2:
        input->insert(at, Pick(Tokens()));
        break;
      case 3:
        input->erase(at, length);
        break;
      case 4:
        input->insert(at, input->substr(at, length));
        break;
      default:
        const std::string& other = Pick(seeds_);
        input->replace(at, std::string::npos, other, Below(other.size() + 1), std::string::npos);
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{1};  // the same sequence on every run
};

std::vector<std::string> ReadSeeds(const std::string& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

void Run(const std::string& input) {
  current = &input;
  // A copy of its own size, so that a sanitizer sees a read beyond the end.
  std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  current = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY MUTATIONS\n", argv[0]);
    return 2;
  }
  std::vector<std::string> seeds = ReadSeeds(argv[1]);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s holds no seeds\n", argv[1]);
    return 2;
  }
  signal(SIGABRT, ReportAndDie);
  signal(SIGSEGV, ReportAndDie);
  long mutations = std::strtol(argv[2], nullptr, 10);
  for (const std::string& seed : seeds) Run(seed);
  Run("");
  Mutator mutator(seeds);
  for (long i = 0; i < mutations; ++i) Run(mutator.Next());
  std::printf("%zu seeds and %ld mutations passed\n", seeds.size(), mutations);
  return 0;
}
