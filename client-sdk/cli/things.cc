#include "client-sdk/cli/things.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client-sdk/cli/guess_kind.h"
#include "reputation/refang.h"

namespace cloister::cli {
namespace {

bool IsRegularFile(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

absl::Status FolderError(const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", path, "\" is a folder; name the files in it"));
}

absl::StatusOr<Guess> GuessOrTake(const std::string& input, std::optional<ObjectKind> kind) {
  if (kind == ObjectKind::kSoftware) return Guess{false, *kind, input};
  if (kind.has_value() && kind != ObjectKind::kFile)
    return Guess{false, *kind, reputation::Refang(input)};
  if (IsRegularFile(input)) return Guess{true, ObjectKind::kFile, input};
  absl::StatusOr<Guess> guess = kind.has_value() ? Guess{false, *kind, reputation::Refang(input)}
                                                 : GuessKind(input, /*names_a_file=*/false);
  const bool names_something = guess.ok() && !kind.has_value();
  if (!names_something && IsFolder(input)) return FolderError(input);
  return guess;
}

template <typename Value>
std::optional<Value> FromName(absl::string_view name, int first, int last) {
  for (int number = first; number <= last; ++number) {
    const Value value = static_cast<Value>(number);
    if (Name(value) == std::string_view(name.data(), name.size())) return value;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Thing> ReadThing(const std::string& input, std::optional<ObjectKind> kind) {
  const absl::StatusOr<Guess> guess = GuessOrTake(input, kind);
  if (!guess.ok()) return guess.status();
  if (!guess->is_path) return Thing{input, {guess->kind, guess->text}};
  absl::StatusOr<std::string> digest = HashFile(guess->text);
  if (!digest.ok()) return digest.status();
  return Thing{input, Object::File(*std::move(digest)), true};
}

absl::StatusOr<std::string> HashFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  bool ok = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> block(1 << 16);
  while (ok && file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    ok = EVP_DigestUpdate(context.get(), block.data(), static_cast<size_t>(file.gcount())) == 1;
  }
  if (file.bad() || !file.eof()) return absl::DataLossError(absl::StrCat(path, ": cannot be read"));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (!ok || EVP_DigestFinal_ex(context.get(), digest, &size) != 1) {
    return absl::InternalError(absl::StrCat(path, ": cannot be hashed"));
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

std::optional<ObjectKind> KindFromName(absl::string_view name) {
  return FromName<ObjectKind>(name, 1, 5);
}

std::optional<Context> ContextFromName(absl::string_view name) {
  return FromName<Context>(name, 0, 4);
}

}  // namespace cloister::cli
