#include "server/toml/toml_table.h"

#include <errno.h>
#include <string.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cloister::config {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

std::string_view Std(absl::string_view s) { return {s.data(), s.size()}; }
absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

// Toml++ names the place by itself, too; here it is in front of the text already.
absl::Status ParseError(const toml::parse_error& error, const std::string& file) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", error.source().begin.line, ":",
                                                 error.source().begin.column, ": ",
                                                 Absl(error.description())));
}

}  // namespace

struct TomlTable::Document {
  std::string file;
  toml::table root;
  std::map<const toml::table*, std::set<std::string>> known;  // names that readers asked for
  std::map<const toml::table*, std::string> titles;           // of every table handed out
  std::set<std::pair<uint32_t, std::string>> mistakes;        // by line, each once

  // A path that does not start at the root starts at the folder of the file.
  std::string Absolute(const std::string& path) const {
    const auto folder = std::filesystem::absolute(file).parent_path();
    return (folder / path).lexically_normal().string();
  }

  void Note(uint32_t line, absl::string_view what) {
    mistakes.emplace(line, absl::StrCat(file, ":", line, ": ", what));
  }
};

struct TomlTable::Node {
  const toml::node* node = nullptr;
  uint32_t line = 0;  // of its name
};

TomlTable::TomlTable(std::shared_ptr<Document> document, const void* table, std::string title)
    : document_(std::move(document)), table_(table), title_(std::move(title)) {
  if (table_ == nullptr) return;
  const auto* real = static_cast<const toml::table*>(table_);
  document_->titles[real] = title_;
  document_->known[real];
}

absl::StatusOr<TomlTable> TomlTable::ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !in.eof()) {
    const std::string what = absl::StrCat(path, ": ", strerror(errno));
    return errno == EACCES ? absl::PermissionDeniedError(what) : absl::NotFoundError(what);
  }
  text.resize(static_cast<size_t>(in.gcount()));
  return Parse(text, path);
}

absl::StatusOr<TomlTable> TomlTable::Parse(absl::string_view text, const std::string& file) {
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":1:1: longer than ", kMaxFileBytes, " bytes; is this the right file?"));
  }
  auto document = std::make_shared<Document>();
  document->file = file;
  try {
    document->root = toml::parse(Std(text), Std(file));
  } catch (const toml::parse_error& error) {
    return ParseError(error, file);
  }
  const toml::table* root = &document->root;
  return TomlTable(std::move(document), root, "");
}

TomlTable::Node TomlTable::Find(absl::string_view name) const {
  if (table_ == nullptr) return {};
  const auto* table = static_cast<const toml::table*>(table_);
  document_->known[table].emplace(name);
  const auto found = table->find(Std(name));
  if (found == table->cend()) return {};
  return {&found->second, found->first.source().begin.line};
}

bool TomlTable::Has(absl::string_view name) const { return Find(name).node != nullptr; }

uint32_t TomlTable::Line(absl::string_view name) const {
  uint32_t line = name.empty() ? 0 : Find(name).line;
  if (line == 0 && table_ != nullptr) {
    line = static_cast<const toml::table*>(table_)->source().begin.line;
  }
  return std::max(line, uint32_t{1});
}

std::string TomlTable::Where(absl::string_view name) const {
  return absl::StrCat(document_->file, ":", Line(name));
}

void TomlTable::Mistake(absl::string_view name, absl::string_view what) const {
  document_->Note(Line(name), absl::StrCat(name, ": ", what));
}

void TomlTable::MissingName(absl::string_view name) const {
  Mistake(name, absl::StrCat("is missing; give it in ", title_.empty() ? "the file" : title_));
}

void TomlTable::WrongType(absl::string_view name, absl::string_view wanted) const {
  Mistake(name, absl::StrCat("must be ", wanted));
}

template <typename T>
T TomlTable::Value(absl::string_view name, absl::string_view wanted, T otherwise) const {
  const Node found = Find(name);
  if (found.node == nullptr) return otherwise;
  const auto value = found.node->value_exact<T>();
  if (!value.has_value()) {
    WrongType(name, wanted);
    return otherwise;
  }
  return *value;
}

std::string TomlTable::Text(absl::string_view name, absl::string_view otherwise) const {
  return Value<std::string>(name, "a text in quotes", std::string(otherwise));
}

std::string TomlTable::RequiredText(absl::string_view name) const {
  if (!Has(name)) {
    MissingName(name);
    return "";
  }
  std::string value = Text(name, " ");
  if (value.empty()) Mistake(name, "must not be empty");
  return value;
}

std::string TomlTable::Choice(absl::string_view name, const std::vector<std::string>& choices,
                              absl::string_view otherwise) const {
  const std::string value = Text(name, otherwise);
  for (const std::string& choice : choices) {
    if (choice == value) return value;
  }
  Mistake(name,
          absl::StrCat("\"", value, "\" is not one of \"", absl::StrJoin(choices, "\", \""), "\""));
  return std::string(otherwise);
}

std::string TomlTable::Path(absl::string_view name, absl::string_view otherwise) const {
  const std::string value = Text(name, otherwise);
  return value.empty() ? "" : document_->Absolute(value);
}

std::vector<std::string> TomlTable::Paths(absl::string_view name) const {
  std::vector<std::string> paths;
  for (const std::string& text : Texts(name)) {
    if (text.empty()) Mistake(name, "must not hold an empty path");
    paths.push_back(document_->Absolute(text));
  }
  return paths;
}

std::string TomlTable::RequiredPath(absl::string_view name) const {
  return RequiredText(name).empty() ? "" : Path(name);
}

bool TomlTable::Flag(absl::string_view name, bool otherwise) const {
  return Value<bool>(name, "true or false", otherwise);
}

int64_t TomlTable::Integer(absl::string_view name, IntegerRange range, int64_t otherwise) const {
  const auto value = Value<int64_t>(name, "a whole number without quotes", otherwise);
  if (value >= range.min && value <= range.max) return value;
  Mistake(name,
          absl::StrCat(value, " is out of range; it must be from ", range.min, " to ", range.max));
  return otherwise;
}

double TomlTable::Number(absl::string_view name, NumberRange range, double otherwise) const {
  const Node found = Find(name);
  if (found.node == nullptr) return otherwise;
  const auto value = found.node->is_number() ? found.node->value<double>() : std::nullopt;
  if (!value.has_value()) {
    WrongType(name, "a number without quotes");
    return otherwise;
  }
  if (*value >= range.min && *value <= range.max) return *value;
  Mistake(name,
          absl::StrCat(*value, " is out of range; it must be from ", range.min, " to ", range.max));
  return otherwise;
}

std::vector<std::string> TomlTable::Texts(absl::string_view name) const {
  const Node found = Find(name);
  if (found.node == nullptr) return {};
  std::vector<std::string> texts;
  const toml::array* array = found.node->as_array();
  if (array != nullptr) {
    for (const toml::node& element : *array) {
      if (!element.is_string()) break;
      texts.push_back(**element.as_string());
    }
  }
  if (array == nullptr || texts.size() != array->size()) {
    WrongType(name, "an array of texts, such as [\"one\", \"two\"]");
    return {};
  }
  return texts;
}

TomlTable TomlTable::Table(absl::string_view name) const {
  const std::string title = absl::StrCat("[", name, "]");
  const Node found = Find(name);
  if (found.node != nullptr && !found.node->is_table()) WrongType(name, "a table " + title);
  return TomlTable(document_, found.node == nullptr ? nullptr : found.node->as_table(), title);
}

std::vector<TomlTable> TomlTable::Tables(absl::string_view name) const {
  const std::string title = absl::StrCat("[[", name, "]]");
  const Node found = Find(name);
  if (found.node == nullptr) return {};
  std::vector<TomlTable> tables;
  const toml::array* array = found.node->as_array();
  if (array != nullptr) {
    for (const toml::node& element : *array) {
      if (!element.is_table()) break;
      tables.push_back(TomlTable(document_, element.as_table(), title));
    }
  }
  if (array == nullptr || tables.size() != array->size()) {
    WrongType(name, absl::StrCat("tables, each beginning with ", title));
    return {};
  }
  return tables;
}

std::vector<std::string> TomlTable::Names() const {
  std::vector<std::string> names;
  if (table_ == nullptr) return names;
  for (const auto& [key, value] : *static_cast<const toml::table*>(table_)) {
    names.emplace_back(key.str());
  }
  return names;
}

absl::Status TomlTable::Finish() const {
  auto mistakes = document_->mistakes;
  for (const auto& [table, known] : document_->known) {
    const std::string& title = document_->titles[table];
    for (const auto& [key, value] : *table) {
      if (known.count(std::string(key.str())) > 0) continue;
      const uint32_t line = key.source().begin.line;
      mistakes.emplace(
          line, absl::StrCat(document_->file, ":", line, ": unknown name \"", Absl(key.str()), "\"",
                             title.empty() ? "" : absl::StrCat(" in ", title), "; known names are ",
                             absl::StrJoin(known, ", ")));
    }
  }
  if (mistakes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(
      mistakes, "\n",
      [](std::string* out, const auto& mistake) { absl::StrAppend(out, mistake.second); }));
}

}  // namespace cloister::config
