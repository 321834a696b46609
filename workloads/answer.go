package workloads

import "fmt"

// An AnswerError says which task of an instance answered wrongly, and how.
// Instance.Check of juggle's own workloads returns it for the first such task.
type AnswerError struct {
	// Task is the index of the task.
	Task int
	// Problem is what is wrong, with what was expected.
	Problem string
}

func (e *AnswerError) Error() string { return fmt.Sprintf("task %d: %s", e.Task, e.Problem) }

// wrongAnswer makes the error for a task.
func wrongAnswer(task int, format string, args ...any) error {
	return &AnswerError{Task: task, Problem: fmt.Sprintf(format, args...)}
}

// checkCount reports a task that has no answer, or an answer without a task.
func checkCount(answers [][]byte, tasks int) error {
	switch {
	case len(answers) < tasks:
		return wrongAnswer(len(answers), "its answer is missing: there are %d answers for %d tasks", len(answers), tasks)
	case len(answers) > tasks:
		return wrongAnswer(tasks, "there is no such task: there are %d answers for %d tasks", len(answers), tasks)
	}
	for i, answer := range answers {
		if len(answer) == 0 {
			return wrongAnswer(i, "its answer is empty")
		}
	}
	return nil
}
