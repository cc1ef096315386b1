#include "deploy/describe/man_page.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "deploy/describe/man_text.h"

namespace cloister::describe {
namespace {

using absl::StrAppend;
using absl::StrCat;

std::string PageName(absl::string_view path) { return absl::StrReplaceAll(path, {{" ", "-"}}); }

// The first sentence.
std::string Gist(absl::string_view about) {
  const std::string line = absl::StrReplaceAll(about, {{"\n", " "}});
  const size_t end = std::min(line.find(". "), line.size());
  std::string gist(absl::StripAsciiWhitespace(line.substr(0, end)));
  if (!gist.empty() && gist.back() == '.') gist.pop_back();
  return gist;
}

std::string ShownValue(const Value& value) {
  if (value.kind != Value::Kind::kWords) return ManItalic(value.shown);
  return absl::StrJoin(value.words, "|", [](std::string* out, const std::string& word) {
    StrAppend(out, ManBold(word));
  });
}

// What is true of an option beside its description.
std::string Conditions(const Option& option) {
  std::vector<std::string> said;
  if (option.required) said.push_back("required");
  if (!option.usual.empty()) said.push_back("default: " + option.usual);
  if (!option.environment.empty()) said.push_back("environment: " + option.environment);
  if (!option.excludes.empty()) said.push_back("not with " + absl::StrJoin(option.excludes, ", "));
  if (!option.needs.empty()) said.push_back("only with " + absl::StrJoin(option.needs, ", "));
  return said.empty() ? "" : StrCat(" (", absl::StrJoin(said, "; "), ")");
}

void AddOption(const Option& option, bool positional, std::string* page) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    names.push_back(positional ? ManItalic(name) : ManBold(name));
  }
  StrAppend(page, ".TP\n", absl::StrJoin(names, ", "));
  if (positional && option.value.kind == Value::Kind::kWords) {
    StrAppend(page, ": ", ShownValue(option.value));
  }
  if (!positional && option.value.kind != Value::Kind::kNothing) {
    StrAppend(page, " ", ShownValue(option.value));
  }
  StrAppend(page, option.many ? " ..." : "", "\n");
  StrAppend(page, ManEscaped(option.about + Conditions(option)), "\n");
}

void AddOptions(const Command& command, const std::string& heading, std::string* page) {
  if (command.options.empty() && command.positionals.empty()) return;
  StrAppend(page, heading);
  for (const Option& option : command.positionals) AddOption(option, true, page);
  for (const Option& option : command.options) AddOption(option, false, page);
}

std::string Synopsis(const Command& command, const std::string& path) {
  std::string line = ManBold(path);
  if (command.passes_on) return StrCat(line, " ", ManItalic("ARGUMENT"), " ...\n");
  if (!command.options.empty()) StrAppend(&line, " [", ManItalic("OPTIONS"), "]");
  for (const Option& option : command.positionals) {
    const std::string name = ManItalic(option.names.front()) + (option.many ? " ..." : "");
    StrAppend(&line, " ", option.required ? name : StrCat("[", name, "]"));
  }
  if (!command.commands.empty()) {
    const std::string name = ManItalic("COMMAND");
    StrAppend(&line, " ", command.command_required ? name : StrCat("[", name, "]"));
  }
  return line + "\n";
}

// Writes the pages of one program.
class Writer {
 public:
  Writer(const Program& program, const std::set<std::string>& taken, std::string date)
      : section_(program.section), taken_(taken), date_(std::move(date)) {}

  void AddPage(const Command& command, const std::string& path, int level) {
    std::string page = Head(command, path);
    std::vector<std::string> others;
    if (level > 0) others.push_back(path.substr(0, path.rfind(' ')));
    std::string list;
    std::string below;
    for (const Command& one : command.commands) {
      const std::string its_path = StrCat(path, " ", one.name);
      StrAppend(&list, ".TP\n", ManBold(one.name), "\n", ManEscaped(one.about), "\n");
      if (level > 0 || taken_.count(PageName(its_path)) > 0) {
        AddBelow(one, its_path, &below);
      } else {
        others.push_back(its_path);
        AddPage(one, its_path, level + 1);
      }
    }
    for (const ManSection& section : ManSections(command.about, command.footer)) {
      if (section.heading != "DESCRIPTION" && !list.empty()) AddCommands(&list, &below, &page);
      AddSection(section, &page);
      if (section.heading == "DESCRIPTION") AddOptions(command, ".SH OPTIONS\n", &page);
    }
    AddCommands(&list, &below, &page);
    AddSeeAlso(others, &page);
    pages_.push_back({StrCat(PageName(path), ".", section_), std::move(page)});
  }

  std::vector<ManPage> Finish() { return std::move(pages_); }

 private:
  std::string Head(const Command& command, const std::string& path) const {
    const std::string name = PageName(path);
    return StrCat(".TH ", ManEscaped(absl::AsciiStrToUpper(name)), " ", section_, " \"", date_,
                  "\" \"Cloister ", CLOISTER_VERSION, "\" \"Cloister\"\n.SH NAME\n",
                  ManEscaped(name), " \\- ",
                  ManEscaped(absl::StripPrefix(Gist(command.about), name + " ")),
                  "\n.SH SYNOPSIS\n", Synopsis(command, path));
  }

  // Once, before what comes after the options.
  static void AddCommands(std::string* list, std::string* below, std::string* page) {
    if (!list->empty()) StrAppend(page, ".SH COMMANDS\n", *list);
    StrAppend(page, *below);
    list->clear();
    below->clear();
  }

  static void AddSection(const ManSection& section, std::string* page) {
    StrAppend(page, ".SH ", section.heading, "\n", section.text);
  }

  // A command that has no page of its own, and what is below it.
  void AddBelow(const Command& command, const std::string& path, std::string* page) {
    StrAppend(page, ".SS ", ManEscaped(path), "\n", Synopsis(command, path));
    // What is passed on has its examples and more on the other program's page.
    const std::string footer = command.passes_on ? "" : command.footer;
    for (const ManSection& section : ManSections(command.about, footer)) {
      if (section.heading == "DESCRIPTION") StrAppend(page, ".PP\n", section.text);
    }
    if (command.passes_on) {
      const std::string program = PageName(path.substr(0, path.rfind(' ')));
      StrAppend(page, ".PP\nSee ", ManBold(program), "(", section_, ").\n");
    }
    AddOptions(command, "", page);
    for (const Command& one : command.commands) AddBelow(one, StrCat(path, " ", one.name), page);
  }

  void AddSeeAlso(const std::vector<std::string>& others, std::string* page) {
    std::vector<std::string> references;
    for (const std::string& path : others) {
      references.push_back(StrCat(ManBold(PageName(path)), "(", section_, ")"));
    }
    if (references.empty()) return;
    StrAppend(page, ".SH SEE ALSO\n", absl::StrJoin(references, ",\n"), "\n");
  }

  const int section_;
  const std::set<std::string>& taken_;
  const std::string date_;
  std::vector<ManPage> pages_;
};

}  // namespace

std::vector<ManPage> ManPages(const std::vector<Program>& programs, const std::string& date) {
  std::set<std::string> taken;
  for (const Program& program : programs) taken.insert(program.command.name);
  std::vector<ManPage> pages;
  for (const Program& program : programs) {
    Writer writer(program, taken, date);
    writer.AddPage(program.command, program.command.name, 0);
    for (ManPage& page : writer.Finish()) pages.push_back(std::move(page));
  }
  return pages;
}

}  // namespace cloister::describe
