package eventloop

import "context"

// A member is a task of a [Group], with what the group needs of it.
type member struct {
	task Task
	membership
}

// A membership ties a task to a group.
type membership struct {
	link  watch
	extra extra
}

// admit makes t, which is new, a task of g. by is told of its end.
func (g *Group) admit(t *Task, m *membership, by watcher, body func(ctx context.Context) error) {
	t.extra = &m.extra
	t.begin(g.scope, g.task.loop, &g.scope.branch, body)
	m.link.by = by
	m.extra.watches.add(&m.link, &t.promise)
	g.live++
	t.loop.ready.push(t)
}

// Go begins a task in the group, from any task of the loop and at any time until
// the group has ended or is being ended; then it returns [ErrGroupDone] and the task
// does not begin. It allocates one object.
func (g *Group) Go(body func(ctx context.Context) error) (*Task, error) {
	if err := g.refusal(); err != nil {
		return nil, err
	}
	m := new(member)
	g.admit(&m.task, &m.membership, g, body)
	return &m.task, nil
}

// GoIn is [Group.Go] for a function that returns a value. It allocates two objects.
func GoIn[T any](g *Group, body func(ctx context.Context) (T, error)) (*ValueTask[T], error) {
	if err := g.refusal(); err != nil {
		return nil, err
	}
	m := new(struct {
		task ValueTask[T]
		membership
	})
	g.admit(&m.task.Task, &m.membership, g, m.task.keep(body))
	return &m.task, nil
}
