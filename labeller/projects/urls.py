from django.urls import path

from labeller.projects import archiving_views, guideline_views, invitation_views, label_views, member_views, views

urlpatterns = [
    path("", views.projects, name="projects"),
    path("projects/new/", views.new, name="project-new"),
    path("projects/archived/", archiving_views.archived, name="projects-archived"),
    # /invite/<token>/
    path("invite/<slug:token>/", invitation_views.invitation, name="invitation"),
    path("invite/<slug:token>/join/", invitation_views.accept, name="invitation-accept"),
    path("invite/<slug:token>/account/", invitation_views.make_account, name="invitation-account"),
    # /p/<slug>/
    path("p/<slug:slug>/", views.overview, name="project"),
    path("p/<slug:slug>/archive/", archiving_views.archive, name="project-archive"),
    path("p/<slug:slug>/bring-back/", archiving_views.bring_back, name="project-bring-back"),
    path("p/<slug:slug>/delete/", archiving_views.delete, name="project-delete"),
    path("p/<slug:slug>/colours.css", label_views.colours, name="label-colours"),
    path("p/<slug:slug>/guidelines/", guideline_views.guidelines, name="guidelines"),
    path("p/<slug:slug>/guidelines/<int:number>/", guideline_views.version, name="guidelines-version"),
    path("p/<slug:slug>/guidelines/<int:number>/restore/", guideline_views.restore, name="guidelines-restore"),
    # /p/<slug>/settings/
    path("p/<slug:slug>/settings/", views.settings, name="project-settings"),
    path("p/<slug:slug>/settings/labels/", label_views.labels, name="labels"),
    path("p/<slug:slug>/settings/labels/add/", label_views.add, name="label-add"),
    path("p/<slug:slug>/settings/labels/<int:pk>/", label_views.edit, name="label-edit"),
    path("p/<slug:slug>/settings/labels/<int:pk>/move/", label_views.move, name="label-move"),
    path("p/<slug:slug>/settings/labels/<int:pk>/delete/", label_views.delete, name="label-delete"),
    path("p/<slug:slug>/settings/members/", member_views.members, name="members"),
    path("p/<slug:slug>/settings/members/invite/", member_views.invite, name="member-invite"),
    path("p/<slug:slug>/settings/members/<int:pk>/role/", member_views.role, name="member-role"),
    path("p/<slug:slug>/settings/members/<int:pk>/remove/", member_views.remove, name="member-remove"),
    path("p/<slug:slug>/settings/invitations/<int:pk>/revoke/", member_views.revoke, name="invitation-revoke"),
]
